import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { LockedError, messageOf, MigrateError, StateError } from '../errors.ts';
import { claimName, claimsCollide, quoteWord, type Claim } from '../runbook/index.ts';
import { claimSchema } from './claim-schema.ts';
import { makeFolderDurably, replaceDurably } from './durable.ts';
import { hasEnded } from './ended-run.ts';
import { systemFiles } from './files.ts';
import { acquireLock } from './lock.ts';
import { refuseRootsClaims, showClaims } from './shown-claims.ts';

const runClaims = z.object({
  run: z.string(),
  runbook: z.string(),
  /** Where the run's journal lies, for those who want to end it. */
  stateFolder: z.string(),
  claims: z.array(claimSchema),
  /** ISO 8601, UTC. */
  since: z.string(),
});
/** What one unfinished run holds on this machine. */
export type RunClaims = z.infer<typeof runClaims>;

export interface ClaimRequest {
  readonly run: string;
  readonly runbook: string;
  readonly stateFolder: string;
  readonly claims: readonly Claim[];
  /** Wall clock, milliseconds since 1970. */
  readonly since: number;
  /** The command line of this process. */
  readonly command: string;
  /** Where root shows its claims, and what this run does there. */
  readonly shown?: ShownFolder | undefined;
}

/** The folder in which root's claims can be seen by everybody. */
export interface ShownFolder {
  readonly folder: string;
  readonly as: 'root' | 'user';
}

/**
 * Holds resources for a run until `releaseClaims`, through kills and reboots. Repeating it for the
 * same run does no harm.
 *
 * @param folder the machine's claims folder, see `claimsFolder`
 * @throws LockedError `claims.held` naming the run that holds one already; StateError `claims.damaged`,
 *   `claims.unwritable`.
 */
export async function claimResources(folder: string, request: ClaimRequest): Promise<void> {
  try {
    await makeFolderDurably(folder, 0o700);
    const lock = await acquireLock(folder, {
      what: `the folder of claims ${folder}`,
      command: request.command,
      waitMs: 10_000,
    });
    try {
      await claimLocked(folder, request);
    } finally {
      await lock.release();
    }
  } catch (error) {
    if (error instanceof MigrateError) throw error;
    throw new StateError(
      'claims.unwritable',
      `the claims of this machine in ${folder} cannot be written: ${messageOf(error)}`,
      'MIGRATE_CLAIMS_DIR names another folder; all runs on this machine must use the same.',
      error,
    );
  }
}

async function claimLocked(folder: string, request: ClaimRequest): Promise<void> {
  const { run, runbook, stateFolder, since } = request;
  const claims = await withRealPaths(request.claims);
  if (request.shown?.as === 'user') await refuseRootsClaims(request.shown.folder, claims);
  for (const other of await listClaims(folder)) {
    if (other.run === run) continue;
    const collision = findCollision(claims, other.claims);
    if (collision === undefined) continue;
    if (!(await hasEnded(other.stateFolder, other.run))) {
      throw await heldError(folder, stateFolder, other, collision);
    }
    await releaseClaims(folder, other.run);
  }
  const content: RunClaims = { run, runbook, stateFolder, claims, since: new Date(since).toISOString() };
  await replaceDurably(fileOf(folder, run), `${JSON.stringify(content, undefined, 2)}\n`, async () => {});
  if (request.shown?.as === 'root') await showAll(folder, request.shown);
}

/** It only keeps ordinary users off, and is made good by the next claim: no reason to stop a run. */
async function showAll(folder: string, shown: ShownFolder): Promise<void> {
  await showClaims(shown.folder, await listClaims(folder)).catch(() => {});
}

/** Frees what a run holds, durably; nothing happens when it holds nothing. */
export async function releaseClaims(folder: string, run: string, shown?: ShownFolder): Promise<void> {
  await systemFiles.remove(fileOf(folder, run));
  if (shown?.as === 'root') await showAll(folder, shown);
}

/**
 * What all unfinished runs on this machine hold.
 *
 * @throws StateError `claims.damaged` naming a file that is none of ours.
 */
export async function listClaims(folder: string): Promise<readonly RunClaims[]> {
  const names = (await systemFiles.list(folder)) ?? [];
  const files = names.filter((name) => name.endsWith('.json')).map((name) => join(folder, name));
  const all = await Promise.all(files.map(readClaims));
  return all.filter((claims) => claims !== undefined);
}

/** The first two claims that exclude each other. */
export function findCollision(
  mine: readonly Claim[],
  theirs: readonly Claim[],
): { readonly mine: Claim; readonly theirs: Claim } | undefined {
  for (const one of mine) {
    const other = theirs.find((claim) => claimsCollide(one, claim));
    if (other !== undefined) return { mine: one, theirs: other };
  }
  return undefined;
}

async function readClaims(path: string): Promise<RunClaims | undefined> {
  const text = await systemFiles.read(path);
  // Released meanwhile.
  if (text === undefined) return undefined;
  try {
    const claims = runClaims.parse(JSON.parse(text));
    if (basename(path) !== `${claims.run}.json`) throw new Error(`it names the run ${claims.run}`);
    return claims;
  } catch (error) {
    throw new StateError(
      'claims.damaged',
      `the file of claims ${path} is damaged: ${messageOf(error)}`,
      'It should hold what a run has claimed. When that run is done, delete the file; `migrate status` shows the runs.',
      error,
    );
  }
}

async function heldError(
  folder: string,
  stateFolder: string,
  other: RunClaims,
  collision: { mine: Claim; theirs: Claim },
): Promise<LockedError> {
  const [mine, theirs] = [describe(collision.mine), describe(collision.theirs)];
  const wanted = mine === theirs ? mine : `${mine}, which collides with ${theirs}`;
  const gone = (await systemFiles.stat(join(other.stateFolder, 'runs', other.run))) === undefined;
  const option = other.stateFolder === stateFolder ? '' : ` --state-dir ${quoteWord(other.stateFolder)}`;
  return new LockedError(
    'claims.held',
    `this run needs ${wanted}; the unfinished run ${other.run} has held it since ${other.since}`,
    gone
      ? `The state of that run is not in ${other.stateFolder}. If it was deleted, free its claims: rm ${fileOf(folder, other.run)}`
      : [
          `End that run first (its state is in ${other.stateFolder}):`,
          `  migrate resume ${other.run}${option}`,
          `  migrate rollback ${other.run}${option}`,
          `  migrate abort ${other.run}${option}`,
        ].join('\n'),
  );
}

function describe(claim: Claim): string {
  return claim.kind === 'path' ? claimName(claim) : `the ${claim.kind} ${claimName(claim)}`;
}

/** The claims, and each path once more as it is without symlinks, so that two names of one folder collide. */
async function withRealPaths(claims: readonly Claim[]): Promise<Claim[]> {
  const real = await Promise.all(
    claims.map(async (claim) =>
      claim.kind === 'path' ? { ...claim, path: await realPathOf(claim.path) } : claim,
    ),
  );
  return [
    ...claims,
    ...real.filter((claim) => !claims.some((given) => claimName(given) === claimName(claim))),
  ];
}

/** Resolves what exists of a path. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    return dirname(path) === path ? path : join(await realPathOf(dirname(path)), basename(path));
  }
}

function fileOf(folder: string, run: string): string {
  return join(folder, `${run}.json`);
}
