import type { LaterWrite } from '../../copy/index.ts';
import type { Command, Host, UndoContext } from '../../runbook/index.ts';
import type { CopyInput } from '../copy/copy-input.ts';
import type { CopyCaptured } from '../copy/copy-state.ts';
import { storeOption } from './nix-store.ts';

/** A store path, and not what Nix keeps beside them: locks, hard links, builds under way. */
const storePath = /^store\/([0-9a-z]{32}-[^/]+)(\/|$)/;
const notAPath = /\.(lock|chroot|check|tmp[-\d]*)$/;
/** Generations of the machine itself, and roots that its boot sets, belong to the side that they boot. */
const ofTheBoot =
  /^var\/nix\/(profiles\/system(-\d+-link|-profiles(\/.*)?)?|gcroots\/(booted-system|current-system|profiles))$/;
const rooted = /^var\/nix\/(profiles|gcroots)\//;
/** How many store paths stand in one command. */
const batch = 200;

/**
 * What matters of the writes to a copy of `/nix`: new valid store paths, each as one, and links in
 * profiles and garbage-collection roots. The database, logs, locks and the machine's own generations do
 * not: Nix writes its database itself as paths come to the other side. Nor does what was collected.
 *
 * @param folder that holds `store` and `var`
 */
export async function storeWrites(
  host: Host,
  folder: string,
  writes: readonly LaterWrite[],
): Promise<readonly LaterWrite[]> {
  const paths = new Map<string, LaterWrite>();
  const links: LaterWrite[] = [];
  for (const write of writes) {
    const name = storePath.exec(write.path)?.[1];
    if (name !== undefined && write.what === 'added' && !notAPath.test(name)) {
      const path = `store/${name}`;
      const whole = paths.get(path) ?? { ...write, path, bytes: 0 };
      paths.set(path, { ...whole, bytes: whole.bytes + write.bytes });
    } else if (rooted.test(write.path) && !ofTheBoot.test(write.path) && write.type !== 'folder') {
      if (write.what !== 'deleted') links.push(write);
    }
  }
  const valid = await validOf(host, folder, [...paths.keys()].map(asStorePath));
  const added = [...paths.values()].filter(({ path }) => valid.has(asStorePath(path)));
  return [...added, ...links];
}

/**
 * Has Nix copy new store paths with all that they need, and read them again. Nix takes no path whose
 * content has another hash, registers each in the database of the store when it is whole, and locks
 * against a daemon at work. So neither database is ever replaced, and an interrupted copy goes on.
 */
export async function carryStoreBack(
  { input, exec, log }: UndoContext<unknown, unknown, CopyInput, CopyCaptured>,
  writes: readonly LaterWrite[],
): Promise<void> {
  const paths = writes.filter(({ path }) => path.startsWith('store/')).map(({ path }) => asStorePath(path));
  for (const some of batches(paths)) {
    await exec(copyCommand(input.to, input.from, some));
    await exec({ argv: ['nix-store', ...storeOption(input.from), '--verify-path', ...some] });
  }
  if (paths.length > 0) log(`${paths.length} store paths are in ${input.from} now`);
}

function copyCommand(from: string, to: string, paths: readonly string[]): Command {
  const [, source] = storeOption(from);
  const [, target] = storeOption(to);
  return {
    argv: [
      'nix',
      '--extra-experimental-features',
      'nix-command',
      'copy',
      '--no-check-sigs',
      ...(source === undefined ? [] : ['--from', source]),
      ...(target === undefined ? [] : ['--to', target]),
      ...paths,
    ],
  };
}

/** Those that the store's database names. */
async function validOf(host: Host, folder: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
  const valid = new Set(paths);
  for (const some of batches(paths)) {
    const { stdout } = await host.exec({
      argv: ['nix-store', ...storeOption(folder), '--check-validity', '--print-invalid', ...some],
    });
    for (const invalid of stdout.split('\n')) valid.delete(invalid);
  }
  return valid;
}

function batches(paths: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(paths.length / batch) }, (_, index) =>
    paths.slice(index * batch, (index + 1) * batch),
  );
}

/** Names of store paths are plain ASCII. */
function asStorePath(path: string): string {
  return `/nix/${path}`;
}
