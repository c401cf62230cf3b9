import { basename, join } from 'node:path';
import { z } from 'zod';
import { LockedError } from '../errors.ts';
import { claimName, claimsCollide, type Claim } from '../runbook/index.ts';
import { claimSchema } from './claim-schema.ts';
import { makeFolderDurably } from './durable.ts';
import { systemFiles } from './files.ts';

/*
 * Root's state is closed to others, so that root shows its claims in a folder of their own: which run
 * holds what, and nothing else. An ordinary user's run keeps off them. The other way round nothing is
 * shown: an ordinary user could else keep root from any path.
 */

const shownClaims = z.object({ run: z.string(), claims: z.array(claimSchema), since: z.string() });
export type ShownClaims = z.infer<typeof shownClaims>;

/** Shows what root's unfinished runs hold; what is no longer held goes. */
export async function showClaims(folder: string, all: readonly ShownClaims[]): Promise<void> {
  await makeFolderDurably(folder, 0o755);
  for (const { run, claims, since } of all) {
    const text = `${JSON.stringify({ run, claims, since }, undefined, 2)}\n`;
    await systemFiles.replace(join(folder, `${run}.json`), text, { mode: 0o644 });
  }
  const held = new Set(all.map(({ run }) => `${run}.json`));
  for (const name of (await systemFiles.list(folder)) ?? [])
    if (name.endsWith('.json') && !held.has(name)) await systemFiles.remove(join(folder, name));
}

/**
 * Refuses what a run of root holds, as an ordinary user.
 *
 * @throws LockedError `claims.held-by-root`
 */
export async function refuseRootsClaims(folder: string, wanted: readonly Claim[]): Promise<void> {
  const stat = await systemFiles.stat(folder);
  // Whatever others may write to says nothing of root.
  if (stat?.kind !== 'folder' || stat.uid !== 0 || (stat.mode & 0o022) !== 0) return;
  for (const name of (await systemFiles.list(folder)) ?? []) {
    const shown = await read(join(folder, name));
    for (const theirs of shown?.claims ?? []) {
      const mine = wanted.find((claim) => claimsCollide(claim, theirs));
      if (mine === undefined || shown === undefined) continue;
      throw new LockedError(
        'claims.held-by-root',
        `this run needs ${claimName(mine)}; the unfinished run ${shown.run} of root has held ${claimName(theirs)} since ${shown.since}`,
        `Wait until it is over, or ask whoever administers this machine: sudo migrate status ${shown.run}`,
      );
    }
  }
}

async function read(file: string): Promise<ShownClaims | undefined> {
  if (!basename(file).endsWith('.json')) return undefined;
  const text = await systemFiles.read(file);
  try {
    const parsed = shownClaims.safeParse(JSON.parse(text ?? ''));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
