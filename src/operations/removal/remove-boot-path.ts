import { posix } from 'node:path';
import { deviceNumber, fromText, type RemovalPlan } from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import type { ActContext, Host } from '../../runbook/index.ts';
import { bootNeeds, type BootNeed, type BootNeeds } from './boot-path.ts';
import { followPath } from '../mounts/follow-path.ts';

/**
 * Refuses to remove anything that the next boot needs.
 *
 * @param at where the tree is now
 * @throws StepError `remove.boot-path` naming what needs it, `remove.boot-path-unknown`, `beneath.cannot-look`
 */
export async function refuseBootPath(
  context: Pick<ActContext, 'exec' | 'run' | 'host'>,
  at: string,
  plan: RemovalPlan,
): Promise<void> {
  const needs = await bootNeeds(context);
  await refuseNeeded(context.host, at, plan, needs);
}

/** The same, for what a boot is known to need. */
export async function refuseNeeded(
  host: Host,
  at: string,
  plan: RemovalPlan,
  { needs, unknown }: BootNeeds,
): Promise<void> {
  const device = deviceNumber(plan.device);
  const doomed = new Set([...plan.inodes].map(String));
  // A file of which another name stays goes under this one all the same.
  const names = new Set(plan.doomed.map(({ path, inode }) => `${inode} ${posix.basename(path)}`));
  const spared = new Set([...plan.spared].map(String));
  const above = await foldersAbove(host, at);
  const hits = needs.filter(
    (need) =>
      (need.device === device &&
        (doomed.has(need.inode) ||
          names.has(`${need.inode} ${fromText(posix.basename(need.path))}`) ||
          (need.whole && spared.has(need.inode)))) ||
      (need.whole && plan.doomed.length > 0 && above.has(`${need.device} ${need.inode}`)),
  );
  if (hits.length > 0) throw needed(at, hits);
  const store = needs.find(({ path }) => path === '/nix/store');
  if (unknown === undefined || store?.device !== device) return;
  if (!doomed.has(store.inode) && !spared.has(store.inode)) return;
  throw new StepError(
    'remove.boot-path-unknown',
    `${at} holds the Nix store that the next boot uses, and what it needs of it cannot be told: ${unknown}`,
    'Make nix-store answer (nix-store --query --requisites /nix/var/nix/profiles/system), and resume.',
  );
}

async function foldersAbove(host: Host, at: string): Promise<ReadonlySet<string>> {
  const { passed } = await followPath(host.files, '/', posix.dirname(at));
  return new Set(passed.map(({ device, inode }) => `${device} ${inode}`));
}

function needed(at: string, hits: readonly BootNeed[]): StepError {
  const first = new Map(hits.map((hit) => [hit.path, hit.why]));
  const shown = [...first].slice(0, 5).map(([path, why]) => (path === why ? path : `${path} (${why})`));
  const more = first.size > shown.length ? `, and ${first.size - shown.length} more` : '';
  return new StepError(
    'remove.boot-path',
    `the next boot needs what is to be removed from ${at}, as seen before the mounts: ${shown.join(', ')}${more}`,
    'Keep it (keep: […]), or change what leads there. When it is certain that no boot uses it, say so in the runbook: ' +
      "bootPath: 'not needed: why'.",
  );
}
