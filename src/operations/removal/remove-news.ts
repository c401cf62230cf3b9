import { posix } from 'node:path';
import {
  fromText,
  newsOfOldCopy,
  parentOf,
  type BytePath,
  type Manifest,
  type RemovalPlan,
} from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import type { ActContext } from '../../runbook/index.ts';
import type { RemoveInput } from './remove-input.ts';

/** Of the old copy: how much was written to it, or deleted from it, that the new one does not know. */
export interface OldWrites {
  readonly written: number;
  readonly deleted: number;
}

type Doomed = RemovalPlan['doomed'];

/**
 * Refuses when somebody has worked on the old copy since the final pass, and the new copy does not hold
 * what they wrote; and when it holds what never was copied.
 *
 * @param at where it is now
 * @param begun what an earlier attempt set out to remove, of which a part may be gone
 * @throws StepError `remove.old-copy-written`, `remove.never-copied`
 */
export async function refuseNews(
  { input, signal, log }: Pick<ActContext<unknown, unknown, RemoveInput>, 'input' | 'signal' | 'log'>,
  manifest: Manifest,
  at: string,
  begun: Doomed | undefined,
): Promise<OldWrites> {
  const { path, newCopy, expendable = [], keep = [], leaveFolder } = input;
  const inTree = (paths: readonly string[]) =>
    new Set(paths.map((one) => fromText(posix.relative(path, one) || '.')));
  const stays = inTree(keep);
  const worthless = inTree(expendable);
  const above = new Set(leaveFolder === true ? ['.'] : []);
  for (const one of stays) for (let up = parentOf(one); !above.has(up); up = parentOf(up)) above.add(up);
  const goes = begun === undefined ? undefined : new Set(begun.map((one) => one.path));
  const { written, deleted, neverCopied } = await newsOfOldCopy({
    manifest,
    root: at,
    newCopy,
    asked: (one) =>
      !above.has(one) &&
      !liesIn(one, stays) &&
      !liesIn(one, worthless) &&
      (goes === undefined || liesIn(one, goes)),
    begun: begun !== undefined,
    signal,
  });
  if (neverCopied.length > 0) {
    throw new StepError(
      'remove.never-copied',
      `${path} holds what the copy left out from the beginning: ${some(neverCopied)}`,
      'Keep it (keep: […]), copy it by a step of its own, or name it in `expendable` when nobody will miss it.',
    );
  }
  if (written.length + deleted.length > 0 && input.oldWrites !== 'accept')
    throw writtenTo(path, newCopy, written, deleted);
  if (written.length > 0) log(`written to the old copy since, and given up: ${some(written)}`);
  if (deleted.length > 0) log(`deleted from the old copy since, and still in the new one: ${some(deleted)}`);
  return { written: written.length, deleted: deleted.length };
}

function writtenTo(
  path: string,
  newCopy: string,
  written: readonly string[],
  deleted: readonly string[],
): StepError {
  const what = [
    ...(written.length > 0 ? [`written: ${some(written)}`] : []),
    ...(deleted.length > 0 ? [`deleted: ${some(deleted)}`] : []),
  ];
  return new StepError(
    'remove.old-copy-written',
    `somebody has worked on the old copy ${path} since it was copied (${what.join('; ')})`,
    `Find out who, and stop it. Carry over what is worth it (rsync -aHAX --numeric-ids ${path}/… to ${newCopy}/…, and delete ` +
      "there what was deleted here), and resume: what both hold alike is no hindrance. Or give it up in the runbook: oldWrites: 'accept', or the paths in `expendable`.",
  );
}

function liesIn(path: BytePath, folders: ReadonlySet<BytePath>): boolean {
  for (let up = path; ; up = parentOf(up)) {
    if (folders.has(up)) return true;
    if (up === '.') return false;
  }
}

function some(paths: readonly string[]): string {
  const shown = paths.slice(0, 5).join(', ');
  return paths.length > 5 ? `${shown} and ${paths.length - 5} more` : shown;
}
