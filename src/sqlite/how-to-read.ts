import type { LookRequest } from './request.ts';

/** Bytes of the files beside a database; `undefined` where there is none. */
export interface Beside {
  readonly wal: number | undefined;
  readonly shm: number | undefined;
  readonly journal: number | undefined;
}

export type Reading = 'immutable' | 'copy' | 'backup';

/**
 * How a database is read so that nothing is written beside it. In place, SQLite looks at neither WAL nor journal:
 * where they hold something, the file alone may be an old or a half-written state, so a copy of all is read.
 * A running service's database moves; it is copied through SQLite, which knows how to.
 */
export function howToRead(
  service: LookRequest['service'],
  { wal, shm, journal }: Beside,
  walMode: boolean,
): Reading {
  if (service === 'stopped') return (wal ?? 0) > 0 || (journal ?? 0) > 0 ? 'copy' : 'immutable';
  // Nobody has it open: SQLite would make both files beside it, and leave them.
  return walMode && shm === undefined && (wal ?? 0) === 0 ? 'immutable' : 'backup';
}
