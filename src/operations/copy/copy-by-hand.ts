import { asidePrefix, copyLogFile, type FolderLook } from '../../copy/index.ts';
import {
  isPlaceholder,
  sh,
  type BreakGlassCommand,
  type CapturedContext,
  type Command,
  type Guard,
} from '../../runbook/index.ts';
import type { CopyInput } from './copy-input.ts';
import type { CopyCaptured } from './copy-state.ts';
import { putAside } from './copy-news.ts';

// Constant, with the folder and the run as arguments: names may be of any bytes. What the file system made
// stays, and what was put aside.
const emptying = `
for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
  case $entry in */lost+found | */${asidePrefix}*) ;; *) rm -rf -- "$entry" || exit ;; esac
done`;
const moving = `
set -e
aside=$1.migrate-dropped-$2
[ "$(stat -c %d -- "$1")" = "$(stat -c %d -- "$1/..")" ] || aside=$1/${asidePrefix}dropped-$2
mkdir -p -m 0700 -- "$aside"
for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
  case $entry in */lost+found | */${asidePrefix}*) continue ;; esac
  if [ -e "$entry" ] || [ -L "$entry" ]; then mv -- "$entry" "$aside/"; fi
done`;

/**
 * Takes a copy back from a rescue shell: only the very folder that this run filled, which nothing shows
 * elsewhere, and only while the old tree stands in its place. A copy that was written to since its final
 * pass is moved aside whole, on its own file system, where a rollback would ask what becomes of the writes.
 */
export function undoCopyByHand({
  input,
  captured,
  run,
}: CapturedContext<unknown, unknown, CopyInput, CopyCaptured>): readonly BreakGlassCommand[] | string {
  const { from, to, expectMount, manifest } = input;
  if (isPlaceholder(captured)) return `remove the copy in ${to}`;
  // An earlier pass made it, or somebody before this run: it stays as it is.
  if (captured.target === 'ours' || captured.target === 'existing') return [];
  const log = copyLogFile(manifest);
  const files = [manifest, putAside(manifest)];
  const here: Guard[] = [
    ...(expectMount === undefined ? [] : [{ is: 'mount-point', path: expectMount.point } as const]),
    { is: 'there', path: to },
  ];
  const demand: Guard[] = [
    { is: 'folder', path: from, inode: captured.source.inode },
    { is: 'named-in', path: to, file: log, before: '"inode":"', after: '"}}' },
    { is: 'shown-nowhere-else', path: to },
  ];
  const filled: Guard[] = [...here, { is: 'filled', path: to }];
  return [
    {
      ...sh`sh -c ${moving} sh ${to} ${run.id}`,
      only: [...filled, { is: 'written-since', path: to, files }],
      demand,
    },
    {
      ...sh`sh -c ${emptying} sh ${to}`,
      only: [...filled, { is: 'unwritten-since', path: to, files }],
      demand,
    },
    ...(captured.target === 'absent'
      ? captured.missing.toReversed().map((path) => ({
          ...sh`rmdir --ignore-fail-on-non-empty -- ${path}`,
          only: [{ is: 'there', path } as const],
        }))
      : asItLooked(to, captured.look).map((command) => ({ ...command, only: here }))),
  ];
}

function asItLooked(folder: string, look: FolderLook | null): readonly Command[] {
  if (look === null) return [];
  return [
    sh`chown ${`${look.uid}:${look.gid}`} ${folder}`,
    sh`chmod ${look.mode.toString(8).padStart(4, '0')} ${folder}`,
    // No shell's tools but GNU's know such a time, and it is of little worth.
    sh.with({ ok: [0, 1] })`touch -d ${`@${seconds(look.mtimeNs)}`} ${folder}`,
  ];
}

/** @param ns nanoseconds since 1970, as text */
function seconds(ns: string): string {
  const digits = ns.padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
