import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { absolutePath, quoteWord, type Command, type CommandResult, type Host } from '../../runbook/index.ts';
import { serverUser, systemUser } from './access.ts';
import { asUser } from './as-user.ts';

/** An archive of barman-cloud in a bucket. Credentials are a file's, never an argument's. */
export const barmanArchive = z.strictObject({
  /** Bucket and folder, such as `s3://backups/postgres`. */
  destination: z
    .string()
    .regex(/^s3:\/\/[^/\s]+(\/[^\s]*)?$/, { error: 'expected s3://BUCKET or s3://BUCKET/FOLDER' }),
  /** Name of the server within the archive, such as `pg-main`. */
  name: z.string().regex(/^[\w.-]+$/, { error: 'expected letters, digits, dots and dashes' }),
  /** Credentials in the form of `~/.aws/credentials`, that the server's user can read and others cannot. */
  credentials: absolutePath,
  /** Section of that file; `default` when left out. */
  profile: z
    .string()
    .regex(/^[\w.-]+$/)
    .optional(),
  /** For a store that is not Amazon's. */
  endpoint: z.url().optional(),
  /** System user of the server, as whom everything runs; `postgres` when left out. */
  user: systemUser.optional(),
  /** Folder of barman's programs; found by the path when left out. */
  programs: absolutePath.optional(),
});
export type BarmanArchive = z.output<typeof barmanArchive>;

type Program = 'wal-archive' | 'backup' | 'backup-list' | 'restore' | 'wal-restore' | 'check-wal-archive';

function program({ programs }: BarmanArchive, name: Program): string {
  return programs === undefined ? `barman-cloud-${name}` : `${programs}/barman-cloud-${name}`;
}

function connection({ endpoint, profile }: BarmanArchive): readonly string[] {
  return [
    ...(endpoint === undefined ? [] : ['--endpoint-url', endpoint]),
    ...(profile === undefined ? [] : ['--profile', profile]),
  ];
}

/**
 * A call of barman-cloud for an archive, as the server's user.
 * @param rest what follows the archive's destination and name
 */
export function barman(
  archive: BarmanArchive,
  name: Program,
  options: readonly string[] = [],
  rest: readonly string[] = [],
): Command {
  const argv = [
    program(archive, name),
    ...options,
    ...connection(archive),
    archive.destination,
    archive.name,
    ...rest,
  ];
  return asUser(serverUser(archive), argv, {
    AWS_SHARED_CREDENTIALS_FILE: archive.credentials,
    // barman lists times without their zone.
    TZ: 'UTC',
    PGTZ: 'UTC',
  });
}

/** What the server itself calls, a line for its shell: `%p` and `%f` are the server's, so others are doubled. */
function forServer(archive: BarmanArchive, name: Program, options: readonly string[], rest: string): string {
  const words = [
    program(archive, name),
    ...options,
    ...connection(archive),
    archive.destination,
    archive.name,
  ];
  const file = `AWS_SHARED_CREDENTIALS_FILE=${quoteWord(archive.credentials)}`;
  return `${[file, ...words.map(quoteWord)].join(' ').replaceAll('%', '%%')} ${rest}`;
}

/** What the installed barman-cloud understands. */
export interface BarmanFlags {
  readonly version: string;
  /** How it compresses with gzip: `--gzip`, or what newer ones may have in its place. */
  readonly gzip: readonly string[];
  /** A backup may be given a name. */
  readonly names: boolean;
  readonly immediateCheckpoint: boolean;
}

/**
 * Reads the flags from the help texts of the installed version: they differ between versions.
 * @throws StepError `barman.no-gzip`
 */
export function barmanFlags(version: string, archiveHelp: string, backupHelp: string): BarmanFlags {
  const has = (help: string, flag: string) =>
    new RegExp(`(^|[\\s,[|])${flag}(?=[\\s,\\]|=]|$)`, 'm').test(help);
  const both = (flag: string) => has(archiveHelp, flag) && has(backupHelp, flag);
  const gzip = both('--gzip') ? ['--gzip'] : both('--compression') ? ['--compression', 'gzip'] : undefined;
  if (gzip === undefined) {
    throw new StepError(
      'barman.no-gzip',
      `barman-cloud ${version} has no flag for gzip that is known here`,
      'See barman-cloud-backup --help, and install a version that has --gzip.',
    );
  }
  return {
    version,
    gzip,
    names: has(backupHelp, '--name'),
    immediateCheckpoint: has(backupHelp, '--immediate-checkpoint'),
  };
}

/** @throws StepError `command.missing`, `barman.no-gzip` */
export async function readBarmanFlags(host: Host, archive: BarmanArchive): Promise<BarmanFlags> {
  const ask = async (name: Program, flag: string) =>
    (await host.exec(asUser(serverUser(archive), [program(archive, name), flag]))).stdout;
  const version = /\d+(\.\d+)+/.exec(await ask('backup', '--version'))?.[0] ?? 'unknown';
  return barmanFlags(version, await ask('wal-archive', '--help'), await ask('backup', '--help'));
}

/** The server's `archive_command`. */
export function archiveCommand(archive: BarmanArchive, { gzip }: BarmanFlags): string {
  return forServer(archive, 'wal-archive', gzip, '%p');
}

/** The server's `restore_command`. */
export function restoreCommand(archive: BarmanArchive): string {
  return forServer(archive, 'wal-restore', [], '%f %p');
}

export type BarmanFailure =
  | 'unreachable'
  | 'no-bucket'
  | 'refused'
  | 'no-credentials'
  | 'no-backup'
  | 'no-space'
  | 'failed';

/** What a failed call means, by the exit codes of barman-cloud (1 done in vain, 2 network, 3 usage, 4 other) and its words. */
export function barmanFailure({
  exitCode,
  stderr,
}: Pick<CommandResult, 'exitCode' | 'stderr'>): BarmanFailure {
  if (/No space left on device/.test(stderr)) return 'no-space';
  if (exitCode === 2 || /Could not connect to the endpoint/.test(stderr)) return 'unreachable';
  if (/Bucket \S+ does not exist|NoSuchBucket/.test(stderr)) return 'no-bucket';
  if (/Unable to locate credentials|config profile .* could not be found|Partial credentials/.test(stderr))
    return 'no-credentials';
  if (/\(40[13]\)|Forbidden|AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch/.test(stderr))
    return 'refused';
  if (/Backup \S+ for server \S+ does not exist/.test(stderr)) return 'no-backup';
  return 'failed';
}

const hints: Readonly<Record<BarmanFailure, string>> = {
  unreachable: 'See whether the endpoint is right and can be reached from this machine.',
  'no-bucket':
    'Correct the destination, or make the bucket. barman-cloud would make it by itself at the first WAL file, under whatever name is written there.',
  refused:
    'The store knows the bucket and refuses these credentials: correct the file, or its rights on the bucket.',
  'no-credentials':
    'The file must hold a section [default], or the profile, with aws_access_key_id and aws_secret_access_key.',
  'no-backup': 'See which there are: barman-cloud-backup-list',
  'no-space': 'Make room where it writes, and run the step again.',
  failed: 'See its output with: migrate logs',
};

/** @throws StepError `barman.unreachable` and so on, for each `BarmanFailure` */
export function barmanMustSucceed(command: Command, result: CommandResult): CommandResult {
  if (result.exitCode === 0) return result;
  const failure = barmanFailure(result);
  const name = command.argv.find((word) => word.includes('barman-cloud-')) ?? 'barman-cloud';
  const said = result.stderr.trim().split('\n').slice(-2).join('; ');
  throw new StepError(
    `barman.${failure}`,
    `${name} exited with ${result.exitCode ?? result.signal}: ${said}`,
    hints[failure],
  );
}

/** @throws StepError as `barmanMustSucceed` */
export async function askBarman(exec: Host['exec'], command: Command): Promise<CommandResult> {
  return barmanMustSucceed(command, await exec(command, { anyExit: true }));
}
