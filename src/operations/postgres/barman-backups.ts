import { z } from 'zod';
import type { Host } from '../../runbook/index.ts';
import { askBarman, barman, type BarmanArchive } from './barman.ts';

const listed = z.object({
  backups_list: z.array(
    z.object({
      backup_id: z.string(),
      backup_name: z.string().nullish(),
      status: z.string(),
      systemid: z.string().nullish(),
      begin_wal: z.string().nullish(),
      end_wal: z.string().nullish(),
      end_time: z.string().nullish(),
      end_time_iso: z.string().nullish(),
    }),
  ),
});

/** A base backup in an archive. */
export interface BarmanBackup {
  readonly id: string;
  readonly name: string | null;
  /** It is whole. */
  readonly done: boolean;
  readonly systemIdentifier: string | null;
  readonly beginWal: string | null;
  readonly endWal: string | null;
  /** Milliseconds since 1970, exact to the second; NaN where the list does not tell. */
  readonly endedAt: number;
}

/**
 * The base backups in an archive, oldest first.
 * @throws StepError as `barmanMustSucceed`
 */
export async function barmanBackups(host: Host, archive: BarmanArchive): Promise<readonly BarmanBackup[]> {
  const { stdout } = await askBarman(
    host.exec.bind(host),
    barman(archive, 'backup-list', ['--format', 'json']),
  );
  const { backups_list: list } = listed.parse(JSON.parse(stdout));
  const backups = list.map((backup) => ({
    id: backup.backup_id,
    name: backup.backup_name ?? null,
    done: backup.status === 'DONE',
    systemIdentifier: backup.systemid ?? null,
    beginWal: backup.begin_wal ?? null,
    endWal: backup.end_wal ?? null,
    // Older versions leave the zone out; it is that of the session, which is UTC in all that is made here.
    endedAt: Date.parse(backup.end_time_iso ?? `${backup.end_time ?? ''} UTC`),
  }));
  return backups.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}
