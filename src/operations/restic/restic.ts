import { z } from 'zod';
import { StepError } from '../../errors.ts';
import type {
  ActContext,
  ActExecOptions,
  Command,
  CommandResult,
  Host,
  SecretReference,
} from '../../runbook/index.ts';
import { givenSecret } from '../commands/given-command.ts';

/** How to reach a repository; nothing of it ever stands in an argument list. */
export const resticAccess = {
  /** A folder or URL; by reference when it holds a password. */
  repository: z.union([z.string().min(1), givenSecret]),
  password: givenSecret,
  /** Further variables, such as AWS_ACCESS_KEY_ID; secrets by reference. */
  env: z.record(z.string(), z.union([z.string(), givenSecret])).optional(),
};

export interface ResticAccess {
  readonly repository: string | SecretReference;
  readonly password: SecretReference;
  readonly env?: Readonly<Record<string, string | SecretReference>> | undefined;
}

export function restic({ repository, password, env }: ResticAccess, args: readonly string[]): Command {
  return {
    argv: ['restic', ...args],
    env: {
      ...env,
      RESTIC_REPOSITORY: repository,
      RESTIC_PASSWORD: password,
      // Of progress lines a second; there is no terminal.
      RESTIC_PROGRESS_FPS: '1',
    },
  };
}

export type ResticFailure = 'incomplete' | 'no-repository' | 'locked' | 'wrong-password' | 'failed';

/**
 * What an exit code of restic means; `undefined` for success. Before 0.17 most failures were 1, so the
 * message decides too. An unknown code is a failure.
 */
export function resticFailure({
  exitCode,
  stderr,
}: Pick<CommandResult, 'exitCode' | 'stderr'>): ResticFailure | undefined {
  if (exitCode === 0) return undefined;
  if (exitCode === 3) return 'incomplete';
  if (
    exitCode === 10 ||
    /Is there a repository at the following location|repository does not exist/.test(stderr)
  )
    return 'no-repository';
  if (exitCode === 11 || /repository is already locked|unable to create lock/.test(stderr)) return 'locked';
  if (exitCode === 12 || /wrong password or no key found/.test(stderr)) return 'wrong-password';
  return 'failed';
}

const hints: Readonly<Record<ResticFailure, string>> = {
  incomplete:
    'Some files could not be read, so this backup does not count. Make them readable or exclude them, and run the step again.',
  'no-repository': 'Correct the repository, mount its disk, or say initialise: true to make a new one.',
  locked: 'Make sure that no other restic works on it; restic unlock removes locks whose process is gone.',
  'wrong-password': 'Correct the reference to the password. No new repository is made in its place.',
  failed: 'See its output with: migrate logs',
};

/** @throws StepError `restic.incomplete`, `restic.no-repository`, `restic.locked`, `restic.wrong-password`, `restic.failed` */
export function mustSucceed(command: Command, result: CommandResult): CommandResult {
  const failure = resticFailure(result);
  if (failure === undefined) return result;
  const said = result.stderr.trim().split('\n').slice(-3).join('; ');
  throw new StepError(
    `restic.${failure}`,
    `restic ${command.argv[1]} exited with ${result.exitCode ?? result.signal}: ${said}`,
    hints[failure],
  );
}

/**
 * Runs a command that locks the repository. The lock of a process that was killed, as that of an earlier attempt,
 * stays behind; restic itself tells such a lock from that of somebody at work, and removes no other.
 *
 * @throws StepError as `mustSucceed`
 */
export async function execLocking(
  exec: ActContext['exec'],
  access: ResticAccess,
  command: Command,
  options: Omit<ActExecOptions, 'anyExit'> = {},
): Promise<CommandResult> {
  const first = await exec(command, { ...options, anyExit: true });
  if (resticFailure(first) !== 'locked') return mustSucceed(command, first);
  const unlocked = await exec(restic(access, ['unlock']), { anyExit: true });
  if (resticFailure(unlocked) !== undefined) return mustSucceed(command, first);
  return mustSucceed(command, await exec(command, { ...options, anyExit: true }));
}

/** Asks a repository; see `mustSucceed` for the errors. */
export async function askRestic(
  host: Host,
  access: ResticAccess,
  args: readonly string[],
): Promise<CommandResult> {
  const command = restic(access, args);
  return mustSucceed(command, await host.exec(command, { anyExit: true }));
}

export interface Snapshot {
  readonly id: string;
  readonly time: string;
  readonly paths: readonly string[];
  readonly hostname: string;
  readonly tags?: readonly string[] | null;
}

/** Snapshots that bear a tag, oldest first. Nothing is locked, so it works beside another backup. */
export async function snapshotsTagged(
  host: Host,
  access: ResticAccess,
  tag: string,
): Promise<readonly Snapshot[]> {
  const { stdout } = await askRestic(host, access, ['snapshots', '--json', '--no-lock', '--tag', tag]);
  return JSON.parse(stdout) as Snapshot[];
}
