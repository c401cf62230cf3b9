import { copyLogFile } from '../copy/index.ts';
import {
  isPlaceholder,
  sh,
  type BreakGlassCommand,
  type CapturedContext,
  type Command,
  type Guard,
} from '../runbook/index.ts';
import type { CopyInput } from './copy-input.ts';
import type { CopyCaptured } from './copy-state.ts';
import { putAside } from './copy-news.ts';

// Constant, with the folder as its argument: names may be of any bytes. What the file system made stays.
const emptying =
  'for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do case $entry in */lost+found) ;; *) rm -rf -- "$entry" || exit ;; esac; done';

/**
 * Takes a copy back from a rescue shell: only the very folder that this run filled, which nothing shows
 * elsewhere, and only while the old tree stands in its place. What was written to it since the final
 * pass is kept.
 */
export function undoCopyByHand({
  input,
  captured,
}: CapturedContext<unknown, unknown, CopyInput, CopyCaptured>): readonly BreakGlassCommand[] | string {
  const { from, to, expectMount } = input;
  if (isPlaceholder(captured)) return `remove the copy in ${to}`;
  // An earlier pass made it, or somebody before this run: it stays as it is.
  if (captured.target === 'ours' || captured.target === 'existing') return [];
  const here: Guard[] = [
    ...(expectMount === undefined ? [] : [{ is: 'mount-point', path: expectMount.point } as const]),
    { is: 'there', path: to },
    // Made with the first file: without it nothing was copied.
    { is: 'there', path: copyLogFile(input.manifest) },
  ];
  const log = copyLogFile(input.manifest);
  // Nothing moves it aside here, so whatever was decided for a rollback it is not removed.
  const kept = [input.manifest, putAside(input.manifest)];
  const safe: Guard[] = [
    { is: 'folder', path: from, inode: captured.source.inode },
    { is: 'named-in', path: to, file: log, before: '"inode":"', after: '"}}' },
    { is: 'shown-nowhere-else', path: to },
    ...kept.map((file) => ({ is: 'unchanged-since', path: to, file }) as const),
  ];
  const guarded = (command: Command): BreakGlassCommand => ({ ...command, only: here, demand: safe });
  const after = (command: Command): BreakGlassCommand => ({ ...command, only: here });
  if (captured.target === 'absent') {
    const folders = [to, ...captured.missing.filter((folder) => folder !== to).toReversed()];
    return [
      guarded(sh`rm -rf -- ${to}`),
      ...folders.map((path) => ({
        ...sh`rmdir --ignore-fail-on-non-empty -- ${path}`,
        only: [{ is: 'there', path } as const],
      })),
    ];
  }
  const { look } = captured;
  return [
    guarded(sh`sh -c ${emptying} sh ${to}`),
    ...(look === null
      ? []
      : [
          sh`chown ${`${look.uid}:${look.gid}`} ${to}`,
          sh`chmod ${look.mode.toString(8).padStart(4, '0')} ${to}`,
          // No shell's tools but GNU's know such a time, and it is of little worth.
          sh.with({ ok: [0, 1] })`touch -d ${`@${seconds(look.mtimeNs)}`} ${to}`,
        ].map(after)),
  ];
}

/** @param ns nanoseconds since 1970, as text */
function seconds(ns: string): string {
  const digits = ns.padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
