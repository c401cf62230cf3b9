import type { RehearsalDocument } from '../documents/rehearsal.ts';
import { formatDuration } from '../duration.ts';
import { harmless } from '../harmless.ts';
import type { Style } from '../style.ts';

export function rehearsalText(document: RehearsalDocument, style: Style): string {
  const { outcome, runbook, why, calls, crashes, reboots, kept } = document;
  const tone = outcome === 'done' ? 'good' : outcome === 'failed' ? 'bad' : 'warning';
  const words = { done: 'rehearsed', failed: 'failed in rehearsal', stopped: 'stopped in rehearsal' };
  const world = [
    document.disks === 'loop'
      ? 'on real file systems'
      : 'in plain folders, since there are no loop devices here',
    document.nix === 'real'
      ? 'with a real Nix store'
      : document.nix === 'fake'
        ? 'with a fake Nix'
        : undefined,
  ].filter((part) => part !== undefined);
  const counts = [count(calls, 'call'), count(crashes, 'crash', 'es'), count(reboots, 'reboot')];
  return [
    `${style(tone, `${words[outcome]}:`)} ${runbook}${outcome === 'done' ? '' : `: ${harmless(why)}`}`,
    style('faint', `${world.join(', ')}; ${counts.join(', ')}; ${formatDuration(document.tookMs)}`),
    ...(kept === null ? [] : [`The world is kept in ${kept}; remove it with: rm -rf ${kept}`]),
  ].join('\n');
}

function count(number: number, noun: string, plural = 's'): string {
  return `${number} ${noun}${number === 1 ? '' : plural}`;
}
