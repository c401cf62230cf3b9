import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MigrateError, messageOf, StateError } from '../errors.ts';
import type { Claim, Mount } from '../runbook/index.ts';
import { makeFolderDurably } from './durable.ts';
import { systemFiles } from './files.ts';
import { otherStateFolders, type Surroundings } from './folders.ts';
import { whyNotOwn } from './own-folder.ts';
import { findSafePlace, placesOnDisks, warningOf, whyUnsafe } from './state-safety.ts';

export interface StateCheck {
  /** The folder as asked for. */
  readonly folder: string;
  readonly mounts: readonly Mount[];
  readonly claims: readonly Claim[];
  readonly surroundings: Surroundings;
}

/**
 * Creates the state folder (0700) where it may lie, and nothing where it may not; resolves to warnings.
 *
 * @throws StateError `state.unsafe` naming why and a place that serves, `state.unwritable`.
 */
export async function prepareStateFolder(check: StateCheck): Promise<readonly string[]> {
  const { folder } = check;
  await checkStateFolder(check);
  try {
    await makeFolderDurably(folder, 0o700);
    await makeFolderDurably(join(folder, 'runs'), 0o700);
    await access(join(folder, 'runs'), constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritable(check, error);
  }
  const warning = warningOf(folder);
  return warning === undefined ? [] : [warning];
}

/**
 * Checks a state folder that is there, or the place where it would be; changes nothing.
 *
 * @throws StateError `state.unsafe` naming why and a place that serves.
 */
export async function checkStateFolder(check: StateCheck): Promise<void> {
  const { folder, mounts, claims } = check;
  try {
    const stat = await systemFiles.stat(folder);
    const notOwn = stat && whyNotOwn(folder, stat, check.surroundings.uid);
    if (notOwn !== undefined) throw unsafe(check, notOwn.why, notOwn.mend);
    const why = whyUnsafe(await realPathOf(folder), mounts, claims);
    if (why !== undefined) throw unsafe(check, why);
  } catch (error) {
    throw error instanceof StateError ? error : unwritable(check, error);
  }
}

/** The real path of what exists, and the rest as it is. */
async function realPathOf(path: string): Promise<string> {
  const real = await systemFiles.realPath(path);
  return real ?? join(await realPathOf(dirname(path)), basename(path));
}

function unsafe(
  { folder, mounts, claims, surroundings }: StateCheck,
  why: string,
  mend?: string,
): StateError {
  const others = otherStateFolders(surroundings).filter((other) => other !== folder);
  const place = findSafePlace([...others, ...placesOnDisks(mounts)], mounts, claims);
  return new StateError(
    'state.unsafe',
    `the state folder ${folder} is not safe: ${why}`,
    [
      ...(mend === undefined ? [] : [mend]),
      place === undefined
        ? 'Give a folder on another disk with --state-dir; none that serves was found.'
        : `This place serves: --state-dir ${place}`,
    ].join('\n'),
  );
}

function unwritable({ folder, surroundings }: StateCheck, error: unknown): StateError {
  const cause = error instanceof MigrateError ? error.message : messageOf(error);
  return new StateError(
    'state.unwritable',
    `the state folder ${folder} cannot be used: ${cause}`,
    surroundings.uid === 0
      ? 'Give another folder with --state-dir.'
      : 'Run this as the user who owns it, or give another folder with --state-dir.',
    error,
  );
}
