import { StepError } from '../../errors.ts';
import { sh, type Command, type Host } from '../../runbook/index.ts';

/** To whom something belongs and what may be done with it. */
export interface Entry {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'other';
  /** Permission bits in octal, such as `750`; of a symlink they mean nothing. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
}

/** Lists a path, and what lies in it: symlinks and other file systems are not entered. */
export function listCommand(path: string, within: boolean): Command {
  const depth = within ? [] : ['-maxdepth', '0'];
  return sh`find ${path} -xdev ${depth} -printf ${String.raw`%y %m %U %G %p\0`}`;
}

/**
 * The path itself first, then what lies in it.
 * @throws StepError `ownership.absent`, `ownership.name` for a name that is no text
 */
export async function listEntries(host: Host, path: string, within: boolean): Promise<readonly Entry[]> {
  if ((await host.files.stat(path)) === undefined) {
    throw new StepError('ownership.absent', `there is no ${path}`, 'Make it first, or mount what holds it.');
  }
  const { stdout } = await host.exec(listCommand(path, within));
  const entries = parseEntries(stdout);
  const odd = entries.find((each) => each.path.includes('\uFFFD'));
  if (odd === undefined) return entries;
  throw new StepError(
    'ownership.name',
    `${odd.path} has a name that is no UTF-8, so it could not be given back what it has`,
    'Rename it, or change its owner by hand in a manual gate.',
  );
}

/** @param text records of `find`, each ended by NUL: a letter for its kind, mode, uid, gid, path */
export function parseEntries(text: string): readonly Entry[] {
  return text
    .split('\0')
    .filter((record) => record !== '')
    .map((record) => {
      const [letter = '', mode = '', uid = '', gid = ''] = record.split(' ', 4);
      const path = record.slice(letter.length + mode.length + uid.length + gid.length + 4);
      const kind = letter === 'f' ? 'file' : letter === 'd' ? 'folder' : 'other';
      return { path, kind, mode, uid: Number(uid), gid: Number(gid) };
    });
}

/** What entries shall have; what is left out stays as it is. */
export interface Wanted {
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Of the path itself, and of files and folders within it; octal. */
  readonly mode?: string | undefined;
  readonly files?: string | undefined;
  readonly folders?: string | undefined;
}

/** The mode that an entry shall have, as `find` prints it. */
export function wantedMode(entry: Entry, root: string, { mode, files, folders }: Wanted): string | undefined {
  const wanted =
    entry.path === root
      ? mode
      : entry.kind === 'file'
        ? files
        : entry.kind === 'folder'
          ? folders
          : undefined;
  return wanted === undefined ? undefined : Number.parseInt(wanted, 8).toString(8);
}

export function isAsWanted(entry: Entry, root: string, wanted: Wanted): boolean {
  const mode = wantedMode(entry, root, wanted);
  return (
    (wanted.uid === undefined || wanted.uid === entry.uid) &&
    (wanted.gid === undefined || wanted.gid === entry.gid) &&
    (mode === undefined || mode === entry.mode)
  );
}

export function sameEntry(one: Entry, other: Entry): boolean {
  return (
    one.uid === other.uid &&
    one.gid === other.gid &&
    (one.kind === 'other' || one.mode === other.mode) &&
    one.kind === other.kind
  );
}
