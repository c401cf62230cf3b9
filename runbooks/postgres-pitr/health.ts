import type { HealthCheck } from 'migrate-runbook';
import { archiveFailures, backupSuccess, checkOf, walWaiting } from 'migrate-runbook/operations';
import type { Params } from './params.ts';
import { baseBackupStem, server } from './places.ts';

/** What the outputs hold that count from when the first WAL file arrived. */
interface Arrived {
  readonly arrives: { readonly archiver: { readonly failed: number; readonly resetAt: string | null } };
}

/** Not once since the first WAL file arrived, also when it has recovered since. */
export const noFailureSince = checkOf(
  archiveFailures<Params, Arrived>(
    ({ params: p, outputs }) => ({ server: server(p), since: outputs.arrives.archiver }),
    { unit: 'failures', critical: 0 },
  ),
);

/** What is asked of archiving for ever. */
export const pitrHealth: readonly HealthCheck<Params>[] = [
  {
    id: 'archiving',
    title: 'WAL is archived',
    ...checkOf(archiveFailures<Params, unknown>(({ params: p }) => ({ server: server(p) }))),
  },
  {
    id: 'wal-waiting',
    title: 'No WAL piles up on the disk',
    ...checkOf(walWaiting<Params, unknown>(({ params: p }) => ({ server: server(p) }))),
  },
  {
    id: 'base-backups',
    title: 'The daily base backups succeed',
    ...checkOf(backupSuccess<Params, unknown>({ unit: `${baseBackupStem}.service` })),
  },
];
