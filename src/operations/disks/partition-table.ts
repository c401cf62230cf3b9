import { StepError } from '../../errors.ts';
import type { Host } from '../../runbook/index.ts';

/** A GPT as it stands on a disk. */
export interface PartitionTable {
  /** Of the disk, in upper case. */
  readonly guid: string;
  readonly partitions: readonly TableEntry[];
}

export interface TableEntry {
  readonly number: number;
  readonly name: string;
  readonly firstSector: number;
  readonly lastSector: number;
  /** In upper case, as all GUIDs here. */
  readonly guid: string;
  readonly type: string;
}

/**
 * Reads the table of partitions from the disk itself; undefined when it bears none, or none that is a GPT.
 * @throws StepError `disk.table-unreadable`
 */
export async function readTable(host: Host, path: string): Promise<PartitionTable | undefined> {
  const asked = await host.exec({ argv: ['blkid', '-p', '-o', 'export', path] }, { anyExit: true });
  const tags = new Map(asked.stdout.split('\n').map((line) => pair(line)));
  const guid = tags.get('PTUUID');
  if (tags.get('PTTYPE') !== 'gpt' || guid === undefined) return undefined;
  const columns = 'NR,START,END,SECTORS,NAME,UUID,TYPE';
  const argv = ['partx', '--pairs', '--output', columns, path] as const;
  // An empty table is an error to partx.
  const { stdout, stderr, exitCode } = await host.exec({ argv }, { anyExit: true });
  if (
    exitCode !== 0 &&
    stdout.trim() === '' &&
    !/failed to read partition table|no partition/i.test(stderr) &&
    stderr.trim() !== ''
  ) {
    throw new StepError(
      'disk.table-unreadable',
      `the partitions of ${path} cannot be read: ${stderr.trim()}`,
    );
  }
  const partitions = stdout.split('\n').filter((line) => line.startsWith('NR='));
  return { guid: guid.toUpperCase(), partitions: partitions.map(entryOf) };
}

function entryOf(line: string): TableEntry {
  const values = new Map(
    [...line.matchAll(/([A-Z]+)="((?:[^"\\]|\\.)*)"/g)].map((found) => [found[1], found[2]]),
  );
  const value = (name: string) => values.get(name) ?? '';
  return {
    number: Number(value('NR')),
    name: value('NAME'),
    firstSector: Number(value('START')),
    lastSector: Number(value('END')),
    guid: value('UUID').toUpperCase(),
    type: value('TYPE').toUpperCase(),
  };
}

function pair(line: string): readonly [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}

/** The node of a partition, by the kernel's rule. */
export function partitionPath(disk: string, number: number): string {
  return /\d$/.test(disk) ? `${disk}p${number}` : `${disk}${number}`;
}
