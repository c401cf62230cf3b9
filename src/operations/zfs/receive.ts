import { StepError } from '../../errors.ts';
import { sh, type ActContext, type Command, type Host } from '../../runbook/index.ts';
import { poolOf } from './names.ts';
import { guidOfToken } from './send-plan.ts';
import { zfsFailed, zfsProperties } from './zfs.ts';

// Two programs with a pipe between them need a shell. It is given data as arguments alone, and tells both
// ends: of a pipe a shell reports the last one's only.
const pipe = `target=$1; flags=$2; shift 2
exec 3>&1
failed=$( { { "$@" || echo "send exited with $?" >&4; } | zfs receive $flags "$target" >&3 || echo "receive exited with $?" >&4; } 4>&1 )
[ -z "$failed" ] || { echo "$failed" >&2; exit 1; }`;

/**
 * `zfs send … | zfs receive …` as one command. A target is never rolled back, so there is no -F.
 * @param through words before the sending `zfs`, such as those of ssh
 */
export function sendCommand(
  sending: readonly string[],
  to: string,
  resumable: boolean,
  through: readonly string[] = [],
): Command {
  const flags = resumable ? '-s -u' : '-u';
  return sh`sh -c ${pipe} zfs-send-receive ${to} ${flags} ${through} zfs send ${sending}`;
}

/** A receive into a target that was interrupted. */
export interface Interrupted {
  /** With it the sending side goes on where it was. */
  readonly token: string;
  /** GUID of the snapshot that was being received; undefined when the source can no longer tell. */
  readonly guid: string | undefined;
}

/** Whether a receive into a dataset can be interrupted and go on; older versions drop what had come. */
export async function isResumable(host: Host, to: string): Promise<boolean> {
  const command = sh`zfs get -H -p -o value receive_resume_token ${poolOf(to)}`;
  return (await host.exec(command, { anyExit: true })).exitCode === 0;
}

/** The interrupted receive into a target, when there is one. @throws StepError as zfsProperties */
export async function interruptedReceive(host: Host, to: string): Promise<Interrupted | undefined> {
  if (!(await isResumable(host, to))) return undefined;
  const token = (await zfsProperties(host, to, ['receive_resume_token']))?.receive_resume_token.value;
  if (token === undefined || token === '-' || token === '') return undefined;
  const told = await host.exec(sh`zfs send -nvt ${token}`, { anyExit: true });
  return { token, guid: guidOfToken(`${told.stdout}\n${told.stderr}`) };
}

/**
 * What is sent into a target whose receive was interrupted: the rest of it.
 * @throws StepError `zfs.other-receive` when it is of another snapshot, or nobody can tell
 */
export function restOf({ token, guid }: Interrupted, to: string, wanted: string): readonly string[] {
  if (guid === wanted) return ['-t', token];
  throw new StepError(
    'zfs.other-receive',
    guid === undefined
      ? `an interrupted receive into ${to} cannot go on: the snapshot that it came from is no longer there`
      : `a receive of another snapshot (GUID ${guid}) into ${to} was interrupted`,
    `Let whoever sent it go on, or drop what had come of it: zfs receive -A ${to}`,
  );
}

/**
 * Sends and receives.
 * @param through as of `sendCommand`
 * @throws StepError `zfs.target-written`, `zfs.target-busy`, `zfs.full`, `zfs.failed`
 */
export async function sendAndReceive(
  { exec }: Pick<ActContext, 'exec'>,
  sending: readonly string[],
  to: string,
  resumable: boolean,
  through: readonly string[] = [],
): Promise<void> {
  const command = sendCommand(sending, to, resumable, through);
  const result = await exec(command, { anyExit: true });
  if (result.exitCode === 0) return;
  const said = result.stderr.trim();
  if (/has been modified/i.test(said)) {
    throw new StepError(
      'zfs.target-written',
      `${to} was written to since its newest snapshot, so nothing can be received into it: ${said}`,
      `Look at what was written (zfs diff), and take it back by hand if nobody needs it: zfs rollback to its newest snapshot. Then: zfs set readonly=on ${to}`,
    );
  }
  if (/busy|destination .* exists|must specify -F/i.test(said)) {
    throw new StepError(
      'zfs.target-busy',
      `${to} cannot be received into: ${said}`,
      'Another receive into it may be at work. Wait for its end, and go on.',
    );
  }
  throw zfsFailed(
    command,
    result,
    'See migrate logs for all that both ends said. Going on sends what is missing.',
  );
}
