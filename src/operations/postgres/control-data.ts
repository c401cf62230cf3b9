import { StepError } from '../../errors.ts';
import type { Host } from '../../runbook/index.ts';
import { asUser } from './as-user.ts';
import { serverProgram } from './programs.ts';

/** What a cluster's control file says of it, under names of ours. */
export interface ControlData {
  /** Such as `shut down`, `in production` or `shut down in recovery`. */
  readonly state: string;
  /** A number beyond 2^53, so as text. */
  readonly systemIdentifier: string;
  /** The latest checkpoint's place in the WAL, such as `0/4009198`. */
  readonly checkpoint: string;
  /** The oldest WAL file that a start needs. */
  readonly walFile: string;
  readonly timeline: number;
  readonly checksums: boolean;
}

/**
 * Reads what `pg_controldata` prints in English.
 * @throws StepError `postgres.control-damaged` when the file's own checksum does not hold, or a line is missing
 */
export function parseControlData(text: string, folder: string): ControlData {
  const lines = new Map(
    [...text.matchAll(/^([^:\n]+):\s*(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  const damaged = (why: string) =>
    new StepError(
      'postgres.control-damaged',
      `the control file of ${folder} ${why}`,
      'Do not start this cluster. Go back to the copy it was made from, or restore it.',
    );
  if (/^WARNING:/m.test(text)) throw damaged('does not hold its own checksum');
  const line = (name: string) => {
    const value = lines.get(name);
    if (value === undefined) throw damaged(`says nothing of: ${name}`);
    return value;
  };
  return {
    state: line('Database cluster state'),
    systemIdentifier: line('Database system identifier'),
    checkpoint: line('Latest checkpoint location'),
    walFile: line("Latest checkpoint's REDO WAL file"),
    timeline: Number(line("Latest checkpoint's TimeLineID")),
    checksums: line('Data page checksum version') !== '0',
  };
}

/**
 * What the control file of a cluster says.
 *
 * @param cluster.folder its data folder
 * @param cluster.programs folder of the server's programs; found by the cluster's version when left out
 * @throws StepError `postgres.no-cluster`, `postgres.control-damaged`
 */
export async function postgresControl(
  host: Host,
  cluster: { readonly folder: string; readonly user: string; readonly programs?: string | undefined },
): Promise<ControlData> {
  const { folder, user } = cluster;
  if ((await host.files.stat(`${folder}/global/pg_control`))?.kind !== 'file') {
    throw new StepError(
      'postgres.no-cluster',
      `${folder} holds no PostgreSQL cluster: there is no global/pg_control in it`,
      'Correct the folder, or mount what it lies on.',
    );
  }
  const program = await serverProgram(host, 'pg_controldata', cluster);
  const { stdout } = await host.exec(asUser(user, [program, '-D', folder]));
  return parseControlData(stdout, folder);
}
