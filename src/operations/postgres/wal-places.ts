import { posix } from 'node:path';
import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { absolutePath, sh, type Command, type Host } from '../../runbook/index.ts';
import { stoppedCluster } from './postgres-shutdown.ts';

export const walFolderInput = z.strictObject({
  ...stoppedCluster,
  /** An empty folder on another file system, such as a dataset's mount point, that belongs to the server's user. */
  to: absolutePath,
});
export type WalFolderInput = z.output<typeof walFolderInput>;

/** Names in a data folder while its WAL moves. The server takes no notice of them. */
export interface WalPlaces {
  /** The data folder, with its symlinks resolved. */
  readonly folder: string;
  /** Where the WAL shall lie. */
  readonly to: string;
}

export interface WalFolderCaptured extends WalPlaces {
  /** The file system of `to`, as `major:minor`: another one there means that it is not mounted. */
  readonly device: string;
}

/** @throws StepError `postgres.wal-not-mounted` */
export async function mustBeOnItsDisk(host: Host, { to, device }: WalFolderCaptured): Promise<void> {
  if ((await host.files.stat(to))?.device === device) return;
  throw new StepError(
    'postgres.wal-not-mounted',
    `another file system than before is at ${to}, or none`,
    'Mount its file system, and try again.',
  );
}

export const wal = ({ folder }: WalPlaces): string => `${folder}/pg_wal`;
/** The old folder, for the moment in which the link takes its place. */
export const aside = ({ folder }: WalPlaces): string => `${folder}/pg_wal.migrate-aside`;
/** The link before it has its name. */
export const nextLink = ({ folder }: WalPlaces): string => `${folder}/pg_wal.migrate-link`;
/** What an undo brings back, before it has its name. */
export const back = ({ folder }: WalPlaces): string => `${folder}/pg_wal.migrate-back`;

/** What stands at `pg_wal`. */
export type WalAt = 'folder' | 'link' | 'nothing' | { readonly other: string };

export async function walAt(host: Host, places: WalPlaces): Promise<WalAt> {
  const found = await host.files.stat(wal(places));
  if (found === undefined) return 'nothing';
  if (found.kind === 'folder') return 'folder';
  const target = found.kind === 'symlink' ? await host.files.readLink(wal(places)) : undefined;
  if (target === places.to) return 'link';
  return { other: target === undefined ? `a ${found.kind}` : `a link to ${target}` };
}

/** What a folder holds, besides what a file system keeps in its root. */
export async function contents(host: Host, folder: string): Promise<readonly string[]> {
  return ((await host.files.list(folder)) ?? []).filter((name) => name !== 'lost+found');
}

export async function isThere(host: Host, path: string): Promise<boolean> {
  return (await host.files.stat(path)) !== undefined;
}

/**
 * Makes a folder hold what another holds, and nothing else. WAL files are all of one size, and written over
 * within a second, so that size and time tell nothing.
 */
export function copyWal(from: string, to: string): Command {
  return sh`rsync -aHAX --checksum --numeric-ids --delete --exclude=/lost+found ${from}/ ${to}/`;
}

/**
 * Reads every byte on both sides.
 * @throws StepError `postgres.wal-differs`
 */
export async function mustBeEqual(exec: Host['exec'], from: string, to: string): Promise<void> {
  const { stdout } = await exec(
    sh`rsync -rlcn --delete --exclude=/lost+found ${'--out-format=%n'} ${from}/ ${to}/`,
  );
  const different = stdout.split('\n').filter((line) => line !== '' && line !== './' && !line.endsWith('/'));
  if (different.length === 0) return;
  throw new StepError(
    'postgres.wal-differs',
    `${from} and ${to} differ in ${different.length} files, such as ${different[0]}`,
    'Nothing was removed. See whether a server has written to one of them meanwhile, and keep both.',
  );
}

/** Removes what a folder holds, and not the folder, which may be a mount point. */
export function emptyFolder(folder: string): Command {
  return sh`find ${folder} -xdev -mindepth 1 -not -path ${posix.join(folder, 'lost+found')} -delete`;
}
