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
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';

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
 * set-uid, fifos, odd and invalid names, read-only folders, and times that say nothing.
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
    if (random() < 0.3) chmodSync(at(name), Math.floor(random() * 0o1000));
    if (random() < 0.3 && isRoot)
      chownSync(at(name), Math.floor(random() * 70_000), Math.floor(random() * 70_000));
  }
  odd(at, content);
  attributes(root);
  if (isRoot) execFileSync('mknod', [`${root}/var/null`, 'c', '1', '3']);
  execFileSync('mkfifo', [`${root}/var/fifo`]);
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
  ];
  for (const name of names) writeFileSync(at(name), content(20));
  writeFileSync(at('empty'), '');
  mkdirSync(at(Buffer.from([0x64, 0xff])));
  writeFileSync(at(Buffer.concat([Buffer.from([0x64, 0xff]), Buffer.from('/inner')])), 'inner');
  symlinkSync(Buffer.from([0x2f, 0xff, 0x0a]), at('link-to-bytes'));
  linkSync(at('link-to-bytes'), at('link-to-bytes-too'));
  mkdirSync(at('empty-folder'));
  const sparse = openSync(at('sparse'), 'w');
  ftruncateSync(sparse, 50_000_000);
  writeSync(sparse, 'in the middle', 25_000_000);
  closeSync(sparse);
  writeFileSync(at('set-uid'), 'x');
  chmodSync(at('set-uid'), 0o4755);
  mkdirSync(at('sticky'));
  chmodSync(at('sticky'), 0o1777);
}

function attributes(root: string): void {
  const set = (name: string, value: string, path: string) =>
    execFileSync('setfattr', ['-h', '-n', name, '-v', value, `${root}/${path}`]);
  set('user.colour', 'red', 'with space');
  set('user.colour', 'red\nand blue', 'new\nline');
  set('user.empty', '', 'ünï');
  set('user.folder', 'yes', 'var');
  if (isRoot) {
    set('trusted.overlay.opaque', 'y', 'var/db');
    set('trusted.on-a-link', '1', 'link-to-bytes');
    execFileSync('setcap', ['cap_net_raw+ep', `${root}/.dot`]);
  }
  execFileSync('setfacl', ['-m', 'u:12345:rw', `${root}/[a]*?`]);
  execFileSync('setfacl', ['-d', '-m', 'g:23456:rx', `${root}/var/db`]);
}

/** As in a Nix store, where every time is 1; and a few others that are easily lost. */
function times(root: string, random: () => number): void {
  const values = [1, 1, 1, 0, 1_700_000_000.123, 4_000_000_000];
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
