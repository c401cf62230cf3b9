import { StepError } from '../../errors.ts';
import type { Command, CommandResult, Host } from '../../runbook/index.ts';
import { poolOf } from '../zfs/names.ts';

export interface SyncoidCall {
  readonly source: string;
  readonly target: string;
  readonly exclude: readonly string[];
  readonly identifier?: string | undefined;
  /** The replica is not mounted; where `zfs receive` can be told so. */
  readonly unmounted: boolean;
}

/**
 * One replication with all children. Never with a rollback of the target: what is there and did not
 * come from the source stops it instead.
 */
export function syncoidCommand({ source, target, exclude, identifier, unmounted }: SyncoidCall): Command {
  return {
    argv: [
      'syncoid',
      '--recursive',
      '--no-rollback',
      // It prunes also when what it sent did not arrive, and then no common snapshot is left.
      '--keep-sync-snap',
      '--no-privilege-elevation',
      // Both sides are in this machine.
      '--compress=none',
      ...(unmounted ? ['--recvoptions=u'] : []),
      ...(identifier === undefined ? [] : [`--identifier=${identifier}`]),
      ...exclude.map((dataset) => `--exclude=^${dataset.replaceAll(/[^\w/-]/g, String.raw`\$&`)}(/|$)`),
      source,
      target,
    ],
  };
}

/**
 * Why a replication failed. `pruned`: another try starts from what is left. `same-second`: its snapshots
 * are named by the second, and the last call was in the same one.
 */
export type SyncoidFailure =
  | 'same-second'
  | 'pruned'
  | 'target-changed'
  | 'full'
  | 'no-pool'
  | 'busy'
  | 'unrelated'
  | 'failed';

/** syncoid exits with 1 or 2 whatever it was; ZFS's own words, which it passes on, tell more. */
export function syncoidFailure({ stdout, stderr }: Pick<CommandResult, 'stdout' | 'stderr'>): SyncoidFailure {
  const text = `${stdout}\n${stderr}`;
  if (/cannot create snapshot '[^']*@syncoid_.*dataset already exists/.test(text)) return 'same-second';
  if (/out of space|No space left|quota exceeded/i.test(text)) return 'full';
  if (/has been modified/.test(text.replaceAll(/\s+/g, ' '))) return 'target-changed';
  if (/already target of a zfs receive|dataset is busy/.test(text)) return 'busy';
  if (/no snapshots matching with/.test(text)) return 'unrelated';
  if (/cannot (open|hold|send) '[^']*@[^']*'.*(does not exist|no longer exists)/i.test(text)) return 'pruned';
  if (/(incremental source|snapshot).*(does not exist|no longer exists)/i.test(text)) return 'pruned';
  if (/cannot open '[^'@]*': (dataset does not exist|no such pool)/.test(text)) return 'no-pool';
  return 'failed';
}

/** The last lines that say what went wrong, without syncoid's remarks about missing helpers. */
export function syncoidSaid({ stdout, stderr }: Pick<CommandResult, 'stdout' | 'stderr'>): string {
  const lines = `${stdout}\n${stderr}`.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => line !== '' && !/^(WARN|INFO|snapshot listing failed)/.test(line));
  return telling.slice(-4).join('; ').slice(0, 600);
}

/**
 * Whether another replication into the target is under way: two at once prune each other's snapshots.
 * @returns the process, as a text for people
 */
export async function otherReplication(host: Host, target: string): Promise<string | undefined> {
  const { stdout } = await host.exec({ argv: ['ps', '-A', '-o', 'pid=,args='] });
  return stdout
    .split('\n')
    .map((line) => line.trim())
    .find((line) => {
      const words = line.split(/\s+/).slice(1);
      const into = words.some((word) => bare(word) === target || bare(word).startsWith(`${target}/`));
      const syncoid = words.slice(0, 2).some((word) => /(^|\/)\.?syncoid(-wrapped)?$/.test(word));
      const receive = /zfs +(receive|recv)\b/.test(line);
      return into && (syncoid || receive);
    });
}

/** Without the quotes of a shell's command line. */
function bare(word: string): string {
  return word.replaceAll(/['"]/g, '');
}

/** The usage of `zfs receive` names the flags that it takes; zfs-fuse has no `-u`. */
export async function receivesUnmounted(host: Host): Promise<boolean> {
  const { stderr, stdout } = await host.exec({ argv: ['zfs', 'receive'] }, { anyExit: true });
  return /receive \[-\w*u/.test(`${stdout}\n${stderr}`);
}

/** @throws StepError for each failure that another try would only repeat */
export function refuseReplication(failure: SyncoidFailure, said: string, target: string): never {
  const pool = poolOf(target);
  const [problem, hint] = {
    pruned: [
      `a snapshot was destroyed while it was being sent, each time that it was tried`,
      'Stop what prunes (systemctl stop sanoid.timer) for the time of the replication, then go on.',
    ],
    'same-second': [`syncoid was called twice within a second, again and again`, 'See what else calls it.'],
    'target-changed': [
      `${target} holds what its source has not, so nothing can be received on top of it`,
      `It was written to, or the source's snapshots were destroyed. Keep it aside with zfs rename, or go back to the newest common snapshot with zfs rollback -r, which loses what came after it there; then zfs set readonly=on ${target}`,
    ],
    full: [
      `${pool} is full`,
      `Make room on it: zfs list -o space -r ${pool}. What was received of whole snapshots stays, and the next try goes on from there.`,
    ],
    'no-pool': [`the pool ${pool} is not there`, `Import it: zpool import ${pool}`],
    busy: [
      `something else replicates into ${target}`,
      'Wait until it has ended, then go on with migrate resume.',
    ],
    unrelated: [
      `a replica in ${target} has no snapshot in common with its source`,
      'It is never destroyed here. A full replication beside it needs your word: give it in `aside`.',
    ],
    failed: ['syncoid failed', 'See what it said: migrate logs'],
  }[failure] as [string, string];
  throw new StepError(codes[failure], said === '' ? problem : `${problem}: ${said}`, hint);
}

const codes: Readonly<Record<SyncoidFailure, string>> = {
  'same-second': 'replication.failed',
  pruned: 'replication.pruned',
  'target-changed': 'replication.target-changed',
  full: 'replication.full',
  'no-pool': 'replication.no-pool',
  busy: 'replication.busy',
  unrelated: 'replication.unrelated',
  failed: 'replication.failed',
};
