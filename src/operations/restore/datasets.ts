import { StepError } from '../../errors.ts';
import { sh, type Host } from '../../runbook/index.ts';

/** A dataset as it stands. */
export interface Dataset {
  readonly name: string;
  readonly guid: string;
  readonly mounted: boolean;
  readonly mountPoint: string;
  readonly canmount: string;
  /** The snapshot that it is a clone of; `-` when it is none. */
  readonly origin: string;
  /** Bytes. */
  readonly referenced: number;
}

export interface DatasetSnapshot {
  readonly name: string;
  readonly guid: string;
  /** Bytes. */
  readonly referenced: number;
}

/** The swap sets the first two by itself; a key cannot be set on what is not encrypted by it. */
const setAnew: ReadonlySet<string> = new Set([
  'mountpoint',
  'canmount',
  'keylocation',
  'keyformat',
  'encryption',
]);

const asked = 'guid,mounted,mountpoint,canmount,origin,referenced';

/** Asks a machine for its datasets: this one, or another by ssh. */
export type AskZfs = (args: readonly string[]) => Promise<{
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}>;

export function askZfs(host: Host, ssh?: string): AskZfs {
  return (args) => host.exec({ argv: zfsArgv(ssh, args) }, { anyExit: true });
}

export function zfsArgv(ssh: string | undefined, args: readonly string[]): readonly [string, ...string[]] {
  if (ssh === undefined) return ['zfs', ...args];
  // Nobody is there to answer a question, and a machine that is away must not eat the time of the other sources.
  return ['ssh', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=20', ssh, 'zfs', ...args];
}

/**
 * A dataset, or `undefined` when it is certain that there is none: its pool answers, and knows no such name.
 * @throws StepError `restore.no-pool` when the pool cannot be seen, `restore.zfs` when nothing can be told
 */
export async function readDataset(ask: AskZfs, name: string): Promise<Dataset | undefined> {
  const got = await ask(['get', '-H', '-p', '-o', 'property,value', asked, name]);
  if (got.exitCode === 0) return parseDataset(name, got.stdout);
  const pool = name.split('/')[0] ?? name;
  if (!/dataset does not exist/.test(got.stderr)) throw zfsFailed(`zfs get ${name}`, got);
  // The same is said of a dataset whose pool is not imported.
  const seen = await ask(['list', '-H', '-o', 'name', '-d', '0', pool]);
  if (seen.exitCode === 0 && seen.stdout.trim() === pool) return undefined;
  throw new StepError(
    'restore.no-pool',
    `the pool ${pool} cannot be seen: ${seen.stderr.trim() || 'zfs list said nothing'}`,
    `See whether its disks are there: zpool import`,
  );
}

/** Snapshots of a dataset itself, newest first; the dataset must be there. @throws StepError `restore.zfs` */
export async function snapshotsOf(ask: AskZfs, dataset: string): Promise<readonly DatasetSnapshot[]> {
  const args = [
    'list',
    '-H',
    '-p',
    '-t',
    'snapshot',
    '-d',
    '1',
    '-o',
    'name,guid,referenced,createtxg',
    dataset,
  ];
  const listed = await ask(args);
  if (listed.exitCode !== 0) throw zfsFailed(`zfs list -t snapshot ${dataset}`, listed);
  return parseSnapshots(listed.stdout, dataset);
}

/** @param text lines of `name`, `guid`, `referenced` and `createtxg`, parted by tabs */
export function parseSnapshots(text: string, dataset: string): readonly DatasetSnapshot[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${dataset}@`))
    .map((line) => {
      const [name = '', guid = '', referenced = '', txg = ''] = line.split('\t');
      return { name, guid, referenced: Number(referenced), txg: Number(txg) };
    })
    .toSorted((one, other) => other.txg - one.txg)
    .map(({ name, guid, referenced }) => ({ name, guid, referenced }));
}

export function parseDataset(name: string, text: string): Dataset {
  const values = new Map(text.split('\n').map((line) => line.split('\t') as [string, string]));
  const value = (property: string) => values.get(property) ?? '-';
  return {
    name,
    guid: value('guid'),
    mounted: value('mounted') === 'yes',
    mountPoint: value('mountpoint'),
    canmount: value('canmount'),
    origin: value('origin'),
    referenced: Number(value('referenced')),
  };
}

/** The properties that were set on a dataset itself, as they must be set again. @throws StepError `restore.zfs` */
export async function localProperties(
  ask: AskZfs,
  dataset: string,
): Promise<Readonly<Record<string, string>>> {
  const got = await ask(['get', '-H', '-p', '-s', 'local', '-o', 'property,value', 'all', dataset]);
  if (got.exitCode !== 0) throw zfsFailed(`zfs get all ${dataset}`, got);
  const entries = got.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t') as [string, string]);

  return Object.fromEntries(entries.filter(([property]) => !setAnew.has(property)));
}

export function zfsFailed(
  what: string,
  { exitCode, stderr }: { readonly exitCode: number | null; readonly stderr: string },
): StepError {
  const said = stderr.trim().split('\n').slice(-3).join('; ');
  return new StepError('restore.zfs', `${what} exited with ${exitCode}: ${said}`);
}

/** Names of the datasets beneath one. @throws StepError `restore.zfs` */
export async function childrenOf(host: Host, dataset: string): Promise<readonly string[]> {
  const { stdout } = await host.exec(sh`zfs list -H -r -o name -t filesystem,volume ${dataset}`);
  return stdout.split('\n').filter((name) => name !== '' && name !== dataset);
}
