import { asidePrefix } from '../aside.ts';
import { deviceNumber } from '../entry.ts';
import type { FolderLook } from '../folder.ts';
import type { FolderIdentity } from '../manifest.ts';
import type { Moment } from '../moment.ts';
import { nanoseconds } from './far-stat.ts';
import type { FarShell } from './shell.ts';
import { farCommandFailed } from './tree.ts';

/** What a path on another machine leads to, symlinks followed; `undefined` when there is no folder. */
export async function identifyFar(far: FarShell, path: string): Promise<FolderIdentity | undefined> {
  const { exitCode, stdout } = await far.ask('[ -d "$1" ] && stat -L -c "%d %i" -- "$1"', [path]);
  const [device, inode] = stdout.toString().trim().split(' ');
  if (exitCode !== 0 || !device || !inode) return undefined;
  return { path, device: deviceNumber(BigInt(device)), inode, host: far.access.host };
}

/** Nothing there, or nothing in it but what its file system made, or a rollback has put aside. */
export async function isEmptyFar(far: FarShell, path: string): Promise<boolean> {
  const program = `[ -e "$1" ] || exit 0; find "$1/" -mindepth 1 -maxdepth 1 ! -name lost+found ! -name '${asidePrefix}*' -print -quit`;
  const { exitCode, stdout, stderr } = await far.ask(program, [path]);
  if (exitCode !== 0) throw farCommandFailed(`cannot look into ${far.place(path)}`, stderr);
  return stdout.length === 0;
}

/** How an empty folder there looks. */
export async function lookOfFar(far: FarShell, path: string): Promise<FolderLook> {
  const { exitCode, stdout, stderr } = await far.ask('stat -L -c "%a %u %g %.9Y" -- "$1"', [path]);
  if (exitCode !== 0) throw farCommandFailed(`cannot look at ${far.place(path)}`, stderr);
  const [mode = '0', uid, gid, mtime = '0'] = stdout.toString().trim().split(' ');
  return {
    mode: Number.parseInt(mode, 8),
    uid: Number(uid),
    gid: Number(gid),
    mtimeNs: String(nanoseconds(mtime)),
  };
}

/** The time by the clocks of that machine, by which its files are stamped. */
export async function momentFar(far: FarShell): Promise<Moment> {
  const { stdout } = await far.ask(
    'date +%s.%N; cut -d " " -f 1 /proc/uptime; cat /proc/sys/kernel/random/boot_id',
  );
  const [wall, uptime, bootId = ''] = stdout.toString().trim().split('\n');
  return { wall: Number(wall) * 1_000, boottime: Number(uptime) * 1_000, bootId };
}
