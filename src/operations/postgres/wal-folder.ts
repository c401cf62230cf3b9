import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation, sh, type ActContext, type Host } from '../../runbook/index.ts';
import { serverUser } from './access.ts';
import { mustBePrivate, mustBeShutDown } from './postgres-shutdown.ts';
import { bringWalBack, walBackByHand } from './wal-back.ts';
import {
  aside,
  back,
  contents,
  copyWal,
  isThere,
  mustBeEqual,
  mustBeOnItsDisk,
  nextLink,
  wal,
  walAt,
  walFolderInput,
  type WalFolderCaptured,
  type WalFolderInput,
} from './wal-places.ts';

/**
 * Moves the WAL of a stopped cluster into a folder on another file system, and leaves a link in its place.
 * Every byte is compared before the link takes the old folder's name, and only then is the old one
 * removed. Without power in between, the cluster either starts from one whole WAL or does not start.
 *
 * Input: `folder` of the cluster, `user`, `programs`; `to`.
 * Output: `to`.
 * @throws StepError `postgres.wal-link`, `postgres.wal-target`, `postgres.wal-same-disk`, `postgres.wal-not-mounted`,
 *   `postgres.wal-differs`, and those of `postgresShutdown`
 */
export const walFolder = operation({
  operation: 'wal-folder',
  version: 1,
  reversal: 'undo',
  input: walFolderInput,
  capture: ({ host, input }) => look(host, input),
  output: z.object({ to: z.string() }),
  probe: async ({ host, captured }) => {
    const at = await walAt(host, captured);
    const leftovers =
      (await isThere(host, aside(captured))) ||
      (await isThere(host, nextLink(captured))) ||
      (await isThere(host, back(captured)));
    if (at === 'link') return leftovers ? 'partial' : { done: { to: captured.to } };
    if (typeof at === 'object') return { unknown: `${wal(captured)} is ${at.other}` };
    if (at === 'nothing' || leftovers) return 'partial';
    return (await contents(host, captured.to)).length === 0 ? 'not-started' : 'partial';
  },
  idempotent: true,
  preview: async ({ host, input }) => {
    const captured = await look(host, input);
    const files = await contents(host, wal(captured));
    return { summary: `${files.length} entries of ${wal(captured)} move`, facts: { files: files.length } };
  },
  describe: ({ input }) => [
    `prove that the cluster in ${input.folder} is shut down`,
    copyWal(`${input.folder}/pg_wal`, input.to),
    `compare every byte, and put a link to ${input.to} in the place of ${input.folder}/pg_wal`,
  ],
  run: (context) => move(context),
  verify: async ({ host, input, captured }) => {
    const { walFile } = await mustBeShutDown(host, input);
    const at = await walAt(host, captured);
    if (at !== 'link')
      throw new StepError('postgres.wal-link', `${wal(captured)} is no link to ${captured.to}`);
    if (await isThere(host, `${captured.to}/${walFile}`)) return;
    throw new StepError(
      'postgres.wal-not-mounted',
      `${captured.to} lacks ${walFile}, which the server needs to start`,
      'Mount its file system, and do not start the server before.',
    );
  },
  undoNeeds: [
    {
      name: 'the file system of the WAL',
      check: async ({ host, captured }) =>
        (await host.files.stat(captured.to))?.device === captured.device ||
        `another file system than before is at ${captured.to}, or none`,
    },
    {
      name: 'room for the WAL beside the data',
      check: async ({ host, captured }) => {
        const { stdout } = await host.exec(sh`du -s --block-size=1 ${captured.to}`);
        const needed = Number.parseInt(stdout, 10);
        const { freeForRoot } = await host.files.space(captured.folder);
        return (
          freeForRoot > needed ||
          `the WAL has ${needed} bytes, and ${captured.folder} has room for ${freeForRoot}`
        );
      },
    },
  ],
  undo: {
    describe: ({ input }) => `bring the WAL back into ${input.folder}, as a folder`,
    run: (context) => bringWalBack(context),
    breakGlass: ({ captured }) => walBackByHand(captured),
  },
});

async function look(host: Host, input: WalFolderInput): Promise<WalFolderCaptured> {
  const folder = (await host.files.realPath(input.folder)) ?? input.folder;
  const places = { folder, to: input.to };
  const at = await walAt(host, places);
  if (at !== 'folder') {
    const found = typeof at === 'object' ? at.other : at === 'link' ? `a link to ${input.to}` : 'not there';
    throw new StepError(
      'postgres.wal-link',
      `${wal(places)} is ${found}, and no folder that could move`,
      'When the WAL lies elsewhere already, leave this step out.',
    );
  }
  const target = await host.files.stat(input.to);
  const inside = `${input.to}/`.startsWith(`${folder}/`);
  const filled = await contents(host, input.to);
  if (target?.kind !== 'folder' || inside || filled.length > 0) {
    throw new StepError(
      'postgres.wal-target',
      `${input.to} ${target?.kind !== 'folder' ? 'is no folder' : inside ? 'lies in the data folder itself' : `holds ${filled.slice(0, 3).join(', ')}`}`,
      'Give an empty folder outside the data folder, such as the mount point of a dataset of its own.',
    );
  }
  if (target.device === (await host.files.stat(folder))?.device) {
    throw new StepError(
      'postgres.wal-same-disk',
      `${input.to} lies on the same file system as ${folder}`,
      'Mount the dataset of the WAL there first.',
    );
  }
  await mustBePrivate(host, input.to, serverUser(input));
  return { ...places, device: target.device };
}

async function move({
  host,
  input,
  captured,
  exec,
  log,
}: ActContext<unknown, unknown, WalFolderInput, WalFolderCaptured>): Promise<{ to: string }> {
  await mustBeShutDown(host, input);
  await mustBeOnItsDisk(host, captured);
  const at = await walAt(host, captured);
  if (typeof at === 'object') throw new StepError('postgres.wal-link', `${wal(captured)} is ${at.other}`);
  // Once the link stands, a server may have written behind it: then nothing is copied any more.
  if (at !== 'link') {
    const source = at === 'folder' ? wal(captured) : aside(captured);
    await exec(copyWal(source, captured.to));
    await mustBeEqual(exec, source, captured.to);
    await exec(sh`sync --file-system ${captured.to}`);
    await exec(sh`ln -sfnT ${captured.to} ${nextLink(captured)}`);
    if (at === 'folder') await host.files.rename(wal(captured), aside(captured));
    await host.files.rename(nextLink(captured), wal(captured));
    log(`${wal(captured)} leads to ${captured.to} now`);
  }
  await host.files.remove(nextLink(captured));
  await exec(sh`rm -rf --one-file-system -- ${aside(captured)}`);
  return { to: captured.to };
}
