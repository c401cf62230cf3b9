/** What was seen where a service's data should be; gathered by `lookAt`, judged here. */
export interface SeenData {
  readonly mount:
    | { readonly is: 'folder' }
    /** Its file system should be mounted, and is not. */
    | { readonly is: 'not-mounted'; readonly what: string }
    /** The pool cannot be seen: not imported, or its disks are away. */
    | { readonly is: 'no-pool'; readonly what: string }
    | { readonly is: 'dataset'; readonly guid: string }
    /** The pool is there, and has no such dataset. */
    | { readonly is: 'no-dataset'; readonly what: string };
  /** Names in the folder; `undefined` when there is no folder. */
  readonly names: readonly string[] | undefined;
  /** Of what must be there, what is not. */
  readonly missing: readonly string[];
  /** How many things must be there. */
  readonly wanted: number;
  readonly databases: readonly SeenDatabase[];
  /** Why the ownership is not as it should be. */
  readonly owner?: string | undefined;
}

export interface SeenDatabase {
  readonly file: string;
  /** `unreadable`: the check itself could not be made, so nothing is known. */
  readonly is: 'sound' | 'damaged' | 'unreadable';
  readonly said: string;
}

/**
 * `absent`: nothing is there, and what should hold it is. `partial`: something is there, and none of what
 * makes it this service's data: a restore that was broken off, or leftovers. `damaged`: data is there and not
 * sound. `unknown`: it cannot be seen. Only over the first two may anything be restored.
 */
export type DataState = 'present' | 'absent' | 'partial' | 'damaged' | 'unknown';

export interface DataVerdict {
  readonly state: DataState;
  readonly why: string;
}

/** What file systems put there by themselves, and no service's data. */
const ofTheFileSystem = new Set(['lost+found', '.zfs']);

export function judgeData(seen: SeenData): DataVerdict {
  const { mount, missing, databases } = seen;
  const names = seen.names?.filter((name) => !ofTheFileSystem.has(name));
  if (mount.is === 'no-pool' || mount.is === 'not-mounted') return { state: 'unknown', why: mount.what };
  if (mount.is === 'no-dataset') {
    // A dataset that is made there would cover it.
    return names === undefined || names.length === 0
      ? { state: 'absent', why: mount.what }
      : {
          state: 'unknown',
          why: `${mount.what}, and the folder beneath its mount point holds ${some(names)}, which a dataset would cover`,
        };
  }
  if (names === undefined) return { state: 'absent', why: 'the folder is not there' };
  if (names.length === 0) return { state: 'absent', why: 'the folder is empty' };
  if (missing.length === seen.wanted) {
    return { state: 'partial', why: `it holds ${some(names)}, and none of ${missing.join(', ')}` };
  }
  if (missing.length > 0) return { state: 'damaged', why: `it lacks ${missing.join(', ')}` };
  const bad = databases.find(({ is }) => is === 'damaged');
  if (bad !== undefined) return { state: 'damaged', why: `${bad.file} is not sound: ${bad.said}` };
  const unread = databases.find(({ is }) => is === 'unreadable');
  if (unread !== undefined) {
    return { state: 'unknown', why: `${unread.file} could not be checked: ${unread.said}` };
  }
  if (seen.owner !== undefined) return { state: 'damaged', why: seen.owner };
  return { state: 'present', why: presentWords(databases) };
}

function presentWords(databases: readonly SeenDatabase[]): string {
  if (databases.length === 0) return 'all that must be there is there';
  return `all that must be there is there, and ${databases.map(({ file }) => file).join(', ')} is sound`;
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
