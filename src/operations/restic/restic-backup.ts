import { z } from 'zod';
import { StepError } from '../../errors.ts';
import {
  absolutePath,
  operation,
  type ActContext,
  type Command,
  type Host,
  type Json,
} from '../../runbook/index.ts';
import {
  askRestic,
  execLocking,
  mustSucceed,
  restic,
  resticAccess,
  resticFailure,
  snapshotsTagged,
  type Snapshot,
} from './restic.ts';

const tag = z.string().regex(/^[^,\s]+$/, { error: 'a tag has no comma and no space' });

const input = z.strictObject({
  ...resticAccess,
  paths: z.array(absolutePath).min(1).readonly(),
  /** The name under which the snapshot is kept, as a rule the machine's. */
  host: z.string().min(1),
  tags: z.array(tag).readonly().optional(),
  excludes: z.array(z.string().min(1)).readonly().optional(),
  /** Leave out what is mounted beneath the paths; false when left out. */
  oneFileSystem: z.boolean().optional(),
  /** Make the repository when there is none; false when left out. */
  initialise: z.boolean().optional(),
});
type Input = z.output<typeof input>;

interface Captured {
  /** A tag that this step alone uses, and only since it was last undone. */
  readonly mark: string;
  /** Written when restic has said that the snapshot is complete; the repository itself does not tell. */
  readonly record: string;
}

const output = z.object({ snapshot: z.string(), bytes: z.number(), files: z.number() });
type Output = z.output<typeof output>;

/**
 * Backs folders up with restic. The snapshot bears the run's id as a tag. Only exit code 0 counts: a
 * snapshot in which files are missing looks like any other, so an interrupted attempt is run again
 * unless it had recorded its success. The undo keeps the snapshot, and the repository when it was made.
 *
 * Input: `repository`, `password`, `env`; `paths`, `host`, `tags`, `excludes`, `oneFileSystem`, `initialise`.
 * Output: the snapshot's id, and the bytes and files that it holds.
 * @throws StepError `restic.no-path`, `restic.no-snapshot`, and those of `mustSucceed`
 */
export const resticBackup = operation({
  operation: 'restic-backup',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input, run }): Promise<Captured> => {
    if (input.initialise !== true) await askRestic(host, input, ['cat', 'config', '--no-lock']);
    const mark = `${run.id}-${host.clock.now().wall.toString(36)}`;
    return { mark, record: `${run.folder}/restic-${mark}.json` };
  },
  output,
  probe: async ({ host, input, captured }) => {
    const recorded = await host.files.read(captured.record);
    const found = await marked(host, input, captured);
    const done = recorded === undefined ? undefined : output.parse(JSON.parse(recorded));
    if (done !== undefined && found.some(({ id }) => id === done.snapshot)) return { done };
    return found.length === 0 ? 'not-started' : 'partial';
  },
  idempotent: true,
  preview: async ({ host, input }) => {
    const command = restic(input, ['snapshots', '--json', '--no-lock', '--host', input.host]);
    const result = await host.exec(command, { anyExit: true });
    if (resticFailure(result) === 'no-repository' && input.initialise === true) {
      return { summary: 'a new repository will be made', facts: { snapshots: null } };
    }
    const { length } = JSON.parse(mustSucceed(command, result).stdout) as Snapshot[];
    return {
      summary: `the repository holds ${length} snapshots of ${input.host}`,
      facts: { snapshots: length },
    };
  },
  describe: ({ input, captured, run }) => [
    ...(input.initialise === true ? [`make the repository if there is none`] : []),
    backupCommand(input, captured, run.id),
  ],
  run: async (context) => {
    const { host, input, captured, exec, run } = context;
    await pathsMustExist(host, input.paths);
    if (input.initialise === true) await initialise(context);
    const command = backupCommand(input, captured, run.id);
    let summary: { total_files_processed?: number; total_bytes_processed?: number } = {};
    await execLocking(exec, input, command, {
      quiet: true,
      onLine: (line) => {
        const message = parseLine(line);
        if (message?.['message_type'] === 'summary') summary = message;
        if (message?.['message_type'] === 'status') tell(context, message);
      },
    });
    const snapshot = (await marked(host, input, captured)).at(-1);
    if (snapshot === undefined) throw noSnapshot(input, captured);
    const done: Output = {
      snapshot: snapshot.id,
      bytes: summary.total_bytes_processed ?? 0,
      files: summary.total_files_processed ?? 0,
    };
    await host.files.replace(captured.record, `${JSON.stringify(done)}\n`);
    return done;
  },
  verify: async ({ host, input, captured, output }) => {
    if (!(await marked(host, input, captured)).some(({ id }) => id === output.snapshot))
      throw noSnapshot(input, captured);
    if (output.files > 0) return;
    throw new StepError(
      'restic.empty',
      `the snapshot ${output.snapshot} holds no file`,
      'See whether the paths are mounted, and what is excluded.',
    );
  },
  undoNeeds: [
    {
      name: 'the backup',
      // No undo restores it; it is what is left when something goes wrong on the way back.
      advisory: true,
      check: async ({ host, input, captured }) =>
        (await marked(host, input, captured)).length > 0 || noSnapshot(input, captured).message,
    },
  ],
  lastResort: ({ input, output }) => [
    'the backup, restored into a new folder; the repository and its password are those of the run:',
    restic(input, ['restore', output.snapshot, '--target', '/NEW/FOLDER', '--verify']),
  ],
  // A backup never harms, and a rollback may need it: only this run's word that it is complete goes.
  undo: () => [],
});

function backupCommand(input: Input, { mark }: Captured, run: string): Command {
  const { host, tags = [], excludes = [], oneFileSystem, paths } = input;
  return restic(input, [
    'backup',
    '--json',
    '--host',
    host,
    ...[run, mark, ...tags].flatMap((tag) => ['--tag', tag]),
    ...excludes.flatMap((pattern) => ['--exclude', pattern]),
    ...(oneFileSystem === true ? ['--one-file-system'] : []),
    '--',
    ...paths,
  ]);
}

/** This step's snapshots. restic leaves out a path that does not exist, and still exits with 0. */
async function marked(host: Host, input: Input, { mark }: Captured): Promise<readonly Snapshot[]> {
  let found: readonly Snapshot[];
  try {
    found = await snapshotsTagged(host, input, mark);
  } catch (error) {
    if (input.initialise === true && error instanceof StepError && error.code === 'restic.no-repository')
      return [];
    throw error;
  }
  return found.filter(
    ({ hostname, paths }) => hostname === input.host && input.paths.every((path) => paths.includes(path)),
  );
}

async function pathsMustExist(host: Host, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if ((await host.files.stat(path)) !== undefined) continue;
    throw new StepError(
      'restic.no-path',
      `there is nothing at ${path} to back up`,
      'Correct the path, or mount what it lies on.',
    );
  }
}

async function initialise({
  host,
  input,
  exec,
}: ActContext<unknown, unknown, Input, Captured>): Promise<void> {
  const look = restic(input, ['cat', 'config', '--no-lock']);
  const result = await host.exec(look, { anyExit: true });
  // Only where it is certain that there is none: a wrong password or a broken network makes no repository.
  if (resticFailure(result) !== 'no-repository') {
    mustSucceed(look, result);
    return;
  }
  const init = restic(input, ['init']);
  mustSucceed(init, await exec(init, { anyExit: true }));
  await askRestic(host, input, ['cat', 'config', '--no-lock']);
}

function tell(
  { progress }: ActContext<unknown, unknown, Input, Captured>,
  message: Readonly<Record<string, Json>>,
): void {
  const number = (name: string) => (typeof message[name] === 'number' ? message[name] : undefined);
  const left = number('seconds_remaining');
  const parts = {
    doneBytes: number('bytes_done'),
    totalBytes: number('total_bytes'),
    doneFiles: number('files_done'),
    totalFiles: number('total_files'),
    etaMs: left === undefined ? undefined : left * 1_000,
  };
  progress({
    doing: 'backing up',
    ...Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)),
  });
}

function parseLine(line: string): Record<string, Json> | undefined {
  try {
    return line.startsWith('{') ? (JSON.parse(line) as Record<string, Json>) : undefined;
  } catch {
    return undefined;
  }
}

function noSnapshot(input: Input, { mark }: Captured): StepError {
  return new StepError(
    'restic.no-snapshot',
    `the repository holds no snapshot of ${input.paths.join(', ')} from ${input.host} with the tag ${mark}`,
    'A path that vanished meanwhile is left out without a word; see: restic snapshots',
  );
}
