/** A tree from a seed, with everything in it that copies lose. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  ftruncateSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';

export const isRoot = process.getuid?.() === 0;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Makes the tree in an existing folder: files, hard links, symlinks, sparse files, attributes, ACLs,
 * set-uid, set-gid, fifos, sockets, devices, odd, invalid and long names, deep paths, read-only folders,
 * and times that say nothing.
 *
 * @param files about how many ordinary files, besides one of each odd thing
 */
export function growTree(
  root: string,
  { seed = 1, files = 60 }: { seed?: number; files?: number } = {},
): void {
  const random = randomFrom(seed);
  const at = (name: string | Buffer) =>
    Buffer.concat([Buffer.from(`${root}/`), typeof name === 'string' ? Buffer.from(name) : name]);
  const content = (size: number) =>
    Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256)));
  const folders = ['', 'store/', 'store/aaa-1/', 'store/aaa-1/bin/', 'store/aaa.2/', 'var/', 'var/db/'];
  for (const folder of folders.slice(1)) mkdirSync(at(folder));

  for (let index = 0; index < files; index += 1) {
    const folder = folders[Math.floor(random() * folders.length)] ?? '';
    const name = `${folder}file-${index}`;
    writeFileSync(at(name), content(Math.floor(random() ** 4 * 60_000)));
    if (random() < 0.3) linkSync(at(name), at(`var/link-to-${index}`));
    if (random() < 0.2)
      symlinkSync(random() < 0.5 ? `/nowhere/${index}` : `file-${index}`, at(`${folder}symlink-${index}`));
    if (random() < 0.3) chmodSync(at(name), Math.floor(random() * 0o1000) | (isRoot ? 0 : 0o400));
    if (random() < 0.3 && isRoot)
      chownSync(at(name), Math.floor(random() * 70_000), Math.floor(random() * 70_000));
  }
  odd(at, content);
  deep(at);
  holes(at);
  special(root, at);
  attributes(root);
  times(root, random);
  for (const folder of ['store/aaa-1/bin', 'store/aaa-1', 'store']) chmodSync(at(folder), 0o555);
  lutimesSync(at('store'), 1, 1);
}

function odd(at: (name: string | Buffer) => Buffer, content: (size: number) => Buffer): void {
  const names: (string | Buffer)[] = [
    'with space',
    'new\nline',
    ' -> arrow',
    '-rf',
    'back\\#012slash',
    'quote\'"$(x)',
    'ünï',
    'tab\tand\rreturn',
    '.dot',
    '[a]*?',
    Buffer.from([0x69, 0x6e, 0x76, 0xff, 0xfe]),
    Buffer.from([0xed, 0xa0, 0x80]),
    'n'.repeat(255),
    `${'ü'.repeat(127)}x`,
    // As rsync names what it has not yet written to its end, and yet the source's own.
    '.with space.aB3dEf',
  ];
  for (const name of names) writeFileSync(at(name), content(20));
  writeFileSync(at('empty'), '');
  mkdirSync(at(Buffer.from([0x64, 0xff])));
  writeFileSync(at(Buffer.concat([Buffer.from([0x64, 0xff]), Buffer.from('/inner')])), 'inner');
  symlinkSync(Buffer.from([0x2f, 0xff, 0x0a]), at('link-to-bytes'));
  linkSync(at('link-to-bytes'), at('link-to-bytes-too'));
  mkdirSync(at('empty-folder'));
  writeFileSync(at('set-uid'), 'x');
  chmodSync(at('set-uid'), 0o4755);
  writeFileSync(at('set-gid'), 'x');
  chmodSync(at('set-gid'), 0o2750);
  mkdirSync(at('sticky'));
  chmodSync(at('sticky'), 0o3777);
}

/** Close to the longest path that one can name at all, with room for where the tree lies. */
function deep(at: (name: string) => Buffer): void {
  let folder = 'deep';
  while (folder.length < 3_500) folder += `/${'d'.repeat(200)}`;
  mkdirSync(at(folder), { recursive: true });
  writeFileSync(at(`${folder}/file`), 'deep');
  linkSync(at(`${folder}/file`), at('deep/link-to-the-depth'));
}

function holes(at: (name: string) => Buffer): void {
  const sparse = (name: string, size: number, written: readonly number[]) => {
    const file = openSync(at(name), 'w');
    ftruncateSync(file, size);
    for (const place of written) writeSync(file, 'not a hole', place);
    closeSync(file);
  };
  sparse('sparse', 50_000_000, [25_000_000]);
  sparse('ends-in-a-hole', 2_000_001, [0]);
  sparse('nothing-but-a-hole', 3_000_000, []);
}

/** What is neither file, folder nor symlink, of which some have several names. */
function special(root: string, at: (name: string) => Buffer): void {
  execFileSync('mkfifo', ['-m', '620', `${root}/var/fifo`]);
  linkSync(at('var/fifo'), at('store/fifo-too'));
  makeSocket(root, at('var/socket'));
  if (!isRoot) return;
  execFileSync('mknod', [`${root}/var/null`, 'c', '1', '3']);
  execFileSync('mknod', ['-m', '0660', `${root}/var/disk`, 'b', '259', '200000']);
  linkSync(at('var/disk'), at('store/disk-too'));
}

function makeSocket(root: string, path: Buffer): void {
  // A socket's address has room for about a hundred characters, and the path may be longer.
  const folder = openSync(root, 'r');
  const server = createServer().listen(`/proc/self/fd/${folder}/listening`);
  // Under another name it stays when the server takes its own away.
  renameSync(`${root}/listening`, path);
  server.close();
  closeSync(folder);
}

function attributes(root: string): void {
  const set = (name: string, value: string, path: string) =>
    execFileSync('setfattr', ['-h', '-n', name, '-v', value, `${root}/${path}`]);
  set('user.colour', 'red', 'with space');
  set('user.colour', 'red\nand blue', 'new\nline');
  set('user.empty', '', 'ünï');
  set('user.folder', 'yes', 'var');
  set('user.bytes', '0x00ff0a5c3d22', 'empty');
  set('user.large', 'large '.repeat(100), 'empty');
  if (isRoot) {
    set('trusted.overlay.opaque', 'y', 'var/db');
    set('trusted.on-a-link', '1', 'link-to-bytes');
    execFileSync('setcap', ['cap_net_raw+ep', `${root}/.dot`]);
  }
  execFileSync('setfacl', ['-m', 'u:12345:rw', `${root}/[a]*?`]);
  execFileSync('setfacl', ['-m', 'u:12345:rwx,m::r', `${root}/set-gid`]);
  execFileSync('setfacl', ['-d', '-m', 'g:23456:rx', `${root}/var/db`]);
}

/** As in a Nix store, where every time is 1; and a few others that are easily lost. */
function times(root: string, random: () => number): void {
  // Before 1970; after 2038 and after 2106, where 31 and 32 bits end.
  const values = [1, 1, 1, 0, 1_700_000_000.123, -2_000_000_000, 4_000_000_000, 5_000_000_000];
  const visit = (folder: Buffer): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true, encoding: 'buffer' })) {
      const path = Buffer.concat([folder, Buffer.from('/'), entry.name]);
      if (entry.isDirectory()) visit(path);
      const time = values[Math.floor(random() * values.length)] ?? 1;
      lutimesSync(path, time, time);
    }
  };
  visit(Buffer.from(root));
  execFileSync('touch', ['-d', '2001-02-03 04:05:06.123456789Z', `${root}/with space`]);
  execFileSync('touch', ['-h', '-d', '@-1.5', `${root}/.dot`, `${root}/link-to-bytes`]);
}

/** Adds a folder of very many entries. */
export function growHuge(root: string, entries = 20_000): void {
  mkdirSync(`${root}/huge`);
  for (let index = 0; index < entries; index += 1) {
    if (index % 10 === 9) linkSync(`${root}/huge/${index - 1}`, `${root}/huge/${index}`);
    else writeFileSync(`${root}/huge/${index}`, index % 3 === 0 ? '' : `content ${index}`);
  }
}

/** Adds a file of 4 GiB and a byte, nearly all of it a hole. */
export function growLarge(root: string): void {
  const file = openSync(`${root}/4-GiB-and-a-byte`, 'w');
  for (const place of [0, 2 ** 31, 2 ** 32]) writeSync(file, 'x', place);
  closeSync(file);
}
