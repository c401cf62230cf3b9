import { createHash } from 'node:crypto';
import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { absolutePath, sh, type Host, type RunInfo } from '../../runbook/index.ts';
import { lookCommand, type LookedAt } from '../../sqlite/index.ts';

export const sqliteInput = z
  .strictObject({
    /** Every database within it, found by what is in the files, whatever their names. */
    folder: absolutePath.optional(),
    /** Databases that must be there. */
    databases: z.array(absolutePath).min(1).readonly().optional(),
    /** Names of files and folders that are left out; `*` stands for any text. */
    exclude: z.array(z.string().min(1)).readonly().optional(),
    /** `stopped`: nothing writes to them. `running`: they are read through SQLite's online backup. */
    service: z.enum(['stopped', 'running']),
    /** Where a copy may be made for a moment; the run's folder when left out. */
    scratch: absolutePath.optional(),
    /** How many databases there must be at least; 1 when left out. */
    atLeast: z.number().int().min(0).optional(),
    /** Whether rows that refer to one that is not there are a failure; `tell` when left out. */
    brokenReferences: z.enum(['tell', 'refuse']).optional(),
  })
  .refine(({ folder, databases }) => folder !== undefined || databases !== undefined, {
    error: 'needs a folder, or databases',
  });
export type SqliteInput = z.input<typeof sqliteInput>;

interface Context {
  readonly host: Host;
  readonly run: Pick<RunInfo, 'folder'>;
  readonly signal?: AbortSignal;
}

/**
 * Reads every database wholly, and writes nothing to the folders in which they lie.
 * @throws StepError `sqlite.no-folder`, `sqlite.failed`
 */
export async function lookAtDatabases(
  { host, run, signal }: Context,
  input: SqliteInput,
): Promise<readonly LookedAt[]> {
  const { folder, databases = [], exclude, service } = input;
  if (folder !== undefined && (await host.files.stat(folder))?.kind !== 'folder') {
    throw new StepError('sqlite.no-folder', `there is no folder ${folder} to look for databases in`);
  }
  // The same for the same question, so that what a killed one has left behind goes too.
  const name = createHash('sha256').update(JSON.stringify(input)).digest('hex').slice(0, 12);
  const scratch = `${input.scratch ?? run.folder}/sqlite-check-${name}`;
  await clear(host, scratch);
  await host.files.makeFolder(scratch, { mode: 0o700 });
  try {
    const command = lookCommand({ databases, folder, exclude, service, scratch });
    const {
      stdout,
      stderr,
      exitCode,
      signal: by,
    } = await host.exec(command, {
      anyExit: true,
      ...(signal === undefined ? {} : { signal }),
    });
    if (exitCode === 0) return JSON.parse(stdout) as LookedAt[];
    const said = stderr.trim().split('\n').slice(0, 6).join('\n');
    throw new StepError('sqlite.failed', `the databases cannot be looked at (${exitCode ?? by}): ${said}`);
  } finally {
    await clear(host, scratch);
  }
}

async function clear(host: Host, scratch: string): Promise<void> {
  if ((await host.files.stat(scratch)) === undefined) return;
  await host.exec(sh`rm -rf --one-file-system -- ${scratch}`);
}
