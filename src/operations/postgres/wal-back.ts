import { StepError } from '../../errors.ts';
import { sh, type BreakGlassCommand, type UndoContext } from '../../runbook/index.ts';
import { mustBeShutDown } from './postgres-shutdown.ts';
import {
  aside,
  back,
  contents,
  copyWal,
  emptyFolder,
  isThere,
  mustBeEqual,
  mustBeOnItsDisk,
  nextLink,
  wal,
  walAt,
  type WalFolderCaptured,
  type WalFolderInput,
  type WalPlaces,
} from './wal-places.ts';

/**
 * Puts a folder with the present WAL back in the place of the link. What the server has written since lies
 * behind the link, so that is what comes back, and never the folder of then.
 */
export async function bringWalBack({
  host,
  input,
  captured,
  exec,
  log,
}: UndoContext<unknown, unknown, WalFolderInput, WalFolderCaptured>): Promise<void> {
  await mustBeShutDown(host, input);
  await mustBeOnItsDisk(host, captured);
  const at = await walAt(host, captured);
  if (typeof at === 'object') throw new StepError('postgres.wal-link', `${wal(captured)} is ${at.other}`);
  if (at === 'link') {
    await exec(sh`mkdir -p ${back(captured)}`);
    await exec(copyWal(captured.to, back(captured)));
    await mustBeEqual(exec, captured.to, back(captured));
    await exec(sh`sync --file-system ${captured.folder}`);
    await host.files.remove(wal(captured));
  }
  if (at !== 'folder') {
    // The link goes only after what comes back is whole.
    const whole = (await isThere(host, back(captured))) ? back(captured) : aside(captured);
    await host.files.rename(whole, wal(captured));
  }
  await host.files.remove(nextLink(captured));
  for (const left of [aside(captured), back(captured)]) {
    if (await isThere(host, left)) await exec(sh`rm -rf --one-file-system -- ${left}`);
  }
  const filled = await contents(host, captured.to);
  if (filled.length === 0) return;
  // A copy that was interrupted lacks files, and what it has is in the folder as well.
  await exec(copyWal(wal(captured), captured.to));
  await mustBeEqual(exec, wal(captured), captured.to);
  await exec(emptyFolder(captured.to));
  log(`the WAL lies in ${wal(captured)} again`);
}

/** The same for a rescue shell, but for the copy behind the link, which stays, as it says. Its text is constant. */
const script = `
set -eu
cd "$1"
to=$2
if [ -e postmaster.pid ]; then echo "stop the server first: $1/postmaster.pid is there" >&2; exit 1; fi
if [ -L pg_wal ]; then
  [ "$(readlink pg_wal)" = "$to" ]
  rm -rf pg_wal.migrate-back
  cp -a "$to" pg_wal.migrate-back
  sync
  rm pg_wal
fi
if [ ! -e pg_wal ]; then
  if [ -d pg_wal.migrate-back ]; then mv pg_wal.migrate-back pg_wal; else mv pg_wal.migrate-aside pg_wal; fi
fi
rm -f pg_wal.migrate-link
if [ -d "$to/archive_status" ]; then
  echo "the WAL lies in $1/pg_wal again; the copy in $to is no longer in use: empty it once the server runs"
fi
`;

export function walBackByHand({ folder, to }: WalPlaces): readonly BreakGlassCommand[] {
  return [
    {
      argv: ['sh', '-c', script, 'sh', folder, to],
      only: [{ is: 'there', path: `${folder}/global/pg_control` }],
    },
  ];
}
