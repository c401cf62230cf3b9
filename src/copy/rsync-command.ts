import { asidePrefix } from './aside.ts';
import { fromText, type BytePath } from './byte-path.ts';
import { farPlace, rsyncShell, type FarAccess } from './far/access.ts';

export type Pass = 'warm' | 'final';

export interface RsyncOptions {
  /** Absolute. Its contents go into `to`. */
  readonly from: string;
  readonly to: string;
  /** Which of them is on another machine, and how that is reached. */
  readonly far?: { readonly side: 'from' | 'to'; readonly access: FarAccess } | undefined;
  readonly pass: Pass;
  /** Paths within `from`, such as `var/cache`: exact, no patterns. */
  readonly exclude?: readonly string[] | undefined;
  /** KiB a second. */
  readonly bandwidth?: number | undefined;
  /** Give way to everything else that uses the disks and the processor. */
  readonly idle?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  /** Whether rsync will run as root, and so copy attributes of all namespaces. */
  readonly asRoot: boolean;
}

/** Marks rsync's lines about files among its messages; see rsync-line.ts. */
export const lineFormat = '>%i %C %l %n';

/** The names in rsync's lines are then pure ASCII, every other byte being escaped. */
export const rsyncEnvironment = { LC_ALL: 'C' } as const;

/** The command of one pass. */
export function rsyncCommand(options: RsyncOptions): [string, ...string[]] {
  const { from, to, pass, exclude = [], bandwidth, idle, dryRun, asRoot, far } = options;
  const place = (side: 'from' | 'to', path: string) =>
    far?.side === side ? farPlace(far.access, withSlash(path)) : withSlash(path);
  const command: [string, ...string[]] = [
    'rsync',
    ...rsyncFlags(asRoot),
    // The hash of what is read costs nothing here, and becomes the manifest.
    '--checksum-choice=xxh128',
    // Twice, so that files which are up to date have their line too: progress and doubt need them.
    '--itemize-changes',
    ...(dryRun === true ? [] : ['--itemize-changes']),
    `--out-format=${lineFormat}`,
    // Belongs to the target's file system, not to the copy.
    '--filter=protect /lost+found',
    // What an earlier rollback has kept is no part of either tree.
    `--exclude=/${asidePrefix}*`,
    ...(pass === 'final' ? ['--delete'] : []),
    ...(dryRun === true ? ['--dry-run'] : []),
    ...(bandwidth === undefined ? [] : [`--bwlimit=${bandwidth}`]),
    ...exclude.map((path) => `--exclude=${exactPattern(path)}`),
    ...(far === undefined ? [] : farOptions(far.access)),
    '--',
    place('from', from),
    place('to', to),
  ];
  return idle === true ? ['ionice', '-c', '3', 'nice', '-n', '19', ...command] : command;
}

/** What every copy keeps, forth and back. */
export function rsyncFlags(asRoot: boolean): readonly string[] {
  return [
    '-aHAX',
    '--numeric-ids',
    '--sparse',
    // A mount within the source is refused before (see boundaries.ts), so this only bars one that
    // comes while rsync runs. It does not bar a bind mount from the same disk, and must not: the
    // read-only bind of /nix/store over itself is such a one, and is part of what is to be copied.
    '--one-file-system',
    // To the nanosecond: rsync's default compares seconds, and leaves folders with the time of the copy.
    '--modify-window=-1',
    // XFS shows every ACL to root a second time, as an attribute. rsync takes that for one which the
    // source lacks, removes it, and with it the ACL that it has just set. One rule of our own puts the
    // built-in one out of force, which is the other here.
    ...(asRoot ? ['--filter=-x system.*', '--filter=-x trusted.SGI_ACL_*'] : []),
  ];
}

/** Paths are not taken apart by the shell there, and a half that hears nothing for long ends by itself. */
export function farOptions(access: FarAccess): readonly string[] {
  // Else the last that is said there may be lost with the connection.
  return ['--secluded-args', '--stderr=client', `--timeout=${silenceSeconds}`, `--rsh=${rsyncShell(access)}`];
}

/** Longer than one file takes to be read, and shorter than anybody waits. */
const silenceSeconds = 900;

/** Excluded paths as a walk knows them. */
export function excludedPaths(exclude: readonly string[] = []): ReadonlySet<BytePath> {
  return new Set(exclude.map(fromText));
}

/** rsync reads patterns: a backslash escapes only where a wildcard makes it a pattern at all. */
function exactPattern(path: string): string {
  const anchored = `/${path}`;
  return /[*?[]/.test(anchored) ? anchored.replaceAll(/[\\*?[]/g, String.raw`\$&`) : anchored;
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}
