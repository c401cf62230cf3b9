import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { confirmationsIn } from '../../src/host/confirmations.ts';
import { isEnded, statOf } from '../../src/host/process.ts';
import { eventsOf, ofType, runsOf } from './journal-facts.ts';
import { migrate } from './migrate.ts';
import { newPlace } from './place.ts';
import { allRefused } from './refusal.ts';
import { hasScript, startOnTerminal } from './terminal.ts';
import { cutsOffFile, madeIn, waitingForWord, within } from './waits-for-word.ts';
import { runWaits } from './waits.ts';

const timeout = 120_000;

/** Waits until a process is gone, which its journal says nothing of. */
async function untilGone(pid: number): Promise<void> {
  for (;;) {
    const stat = statOf(pid);
    if (stat === undefined || isEnded(stat)) return;
    await new Promise((done) => setTimeout(done, 10));
  }
}

describe('a run that waits for a word', () => {
  test(
    'shows until when and what to type, and goes on when another process confirms',
    { timeout },
    async () => {
      const { place, call, run } = await waitingForWord();
      expect(call.said()).toMatch(
        new RegExp(
          `net: undone in \\S+ \\S+ unless confirmed; log in anew and type: migrate confirm ${run} net`,
        ),
      );
      expect(madeIn(place)).toEqual(['before', 'net']);
      const status = await migrate(place, 'status', run);
      expect(status.stdout).toContain(`migrate confirm ${run} net`);
      const confirmed = await migrate(place, 'confirm', run, 'net');
      expect(confirmed).toMatchObject({ exit: 0, stderr: '' });
      expect(confirmed.stdout).toContain('"net" is confirmed, and stays');
      expect(await call.ended).toMatchObject({ exit: 0, stderr: '' });
      expect(madeIn(place)).toEqual(['after', 'before', 'net']);
      const events = await eventsOf(place, run);
      expect(ofType(events, 'step.confirmed')).toMatchObject([{ step: 'net', from: 'elsewhere' }]);
    },
  );

  test(
    'takes the step back by itself when nobody comes, and ends with exit code 1',
    { timeout },
    async () => {
      const { place, call, run } = await waitingForWord(within(1));
      const { exit, stdout } = await call.ended;
      expect([exit, madeIn(place)]).toEqual([1, ['before']]);
      expect(stdout).toContain('"net" was taken back: nobody confirmed it within 1 s.');
      expect(stdout).toContain(`Try it again: migrate resume ${run}`);
      await allRefused(place, [
        {
          args: ['confirm', run, 'net'],
          exit: 2,
          says: ['"net" has not begun, so there is nothing to confirm'],
        },
      ]);
      expect(await migrate(place, 'rollback', run, '--yes')).toMatchObject({ exit: 0 });
      expect(madeIn(place)).toEqual([]);
    },
  );

  test.skipIf(!hasScript)('at a terminal asks, and outlives it when it is gone', { timeout }, async () => {
    const place = newPlace();
    const call = startOnTerminal(place, [...runWaits(place.world, cutsOffFile), '--yes']);
    await call.until('Can you still reach this machine?');
    expect(call.said()).toContain('log in anew and type migrate confirm');
    call.script.kill('SIGKILL');
    const [run = ''] = runsOf(place);
    await untilGone(call.script.pid ?? 0);
    const confirmed = await migrate(place, 'confirm', run, 'net');
    expect(confirmed).toMatchObject({ exit: 0 });
    expect(confirmed.stdout).not.toContain('Go on with');
    expect(madeIn(place)).toEqual(['before', 'net']);
  });
});

test('only a plain file of this user or of root, for this very attempt, is a word', async () => {
  const place = newPlace();
  const folder = join(place.folder, 'run');
  mkdirSync(join(folder, 'confirmations'), { recursive: true });
  const { requested } = confirmationsIn(folder);
  symlinkSync('/etc/passwd', join(folder, 'confirmations/net.1'));
  mkdirSync(join(folder, 'confirmations/net.2'));
  writeFileSync(join(folder, 'confirmations/net.3'), '');
  expect(await Promise.all([0, 1, 2, 3].map((seq) => requested('net', seq)))).toEqual([
    false,
    false,
    false,
    true,
  ]);
});

test(
  'what takes effect at boot is refused where nothing goes on by itself after one',
  { timeout },
  async () => {
    const place = newPlace();
    const at = join(place.folder, 'boots.ts');
    writeFileSync(
      at,
      `import { runbook, sh } from 'migrate-runbook';
     export default runbook('boots', { summary: 's' })
       .step('kernel', { effective: 'at-boot', confirmWithin: '10m', commands: () => [sh\`true\`], undo: () => [sh\`true\`] })
       .reboot('restart', { needs: ['kernel'], instructions: 'reboot' });`,
    );
    await allRefused(place, [
      {
        args: ['run', at],
        exit: 2,
        says: ['step "kernel" takes effect at boot', 'migrate boot enable', 'NixOS'],
      },
    ]);
  },
);
