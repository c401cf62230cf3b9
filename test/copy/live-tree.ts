/** A tree that is in use: it changes in every way that a copy may come across. */
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { randomFrom } from './sample-tree.ts';

/** What makes one change at each call, the same ones for the same seed. */
export function liveTree(root: string, seed: number): () => void {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const paths = (wanted: 'file' | 'folder') => [...pathsIn(root, wanted)].toSorted();
  let count = 0;
  const changes: readonly ((file: string, folder: string, fresh: string) => void)[] = [
    (file) => appendFileSync(file, 'appended'),
    (file) => truncateSync(file, Math.floor(lstatSync(file).size / 2)),
    (file) => {
      const { size, atime, mtime } = lstatSync(file);
      writeFileSync(file, Buffer.alloc(Math.min(size, 100_000), count));
      truncateSync(file, size);
      lutimesSync(file, atime, mtime);
    },
    (file) => rmSync(file),
    (file, _, fresh) => renameSync(file, fresh),
    (file, _, fresh) => linkSync(file, fresh),
    (file) => {
      rmSync(file);
      mkdirSync(file);
      writeFileSync(`${file}/inner`, 'a folder now');
    },
    (_, folder, fresh) => renameSync(folder, fresh),
    (_, folder) => {
      rmSync(folder, { recursive: true });
      symlinkSync('a-symlink-now', folder);
    },
    (_file, _folder, fresh) => writeFileSync(fresh, `fresh ${count}`),
    (_file, _folder, fresh) => mkdirSync(fresh),
    (file, folder) => {
      chmodSync(file, Math.floor(random() * 0o10000));
      chmodSync(folder, 0o711);
    },
  ];
  return () => {
    count += 1;
    const [file, folder] = [pick(paths('file')), pick(paths('folder'))];
    const into = pick([root, ...paths('folder').filter((one) => one !== folder)]);
    if (file === undefined || folder === undefined || into === undefined) return;
    // A folder moved into itself, for one, is no change.
    try {
      pick(changes)?.(file, folder, `${into}/fresh-${count}`);
    } catch (error) {
      if (!['EINVAL', 'EXDEV'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  };
}

/** But for names that are not UTF-8, and what lies near the longest path. */
function* pathsIn(folder: string, wanted: 'file' | 'folder'): Generator<string, void> {
  for (const one of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${one.name}`;
    if (path.length > 300 || one.name.includes('\uFFFD')) continue;
    if (wanted === 'file' ? one.isFile() : one.isDirectory()) yield path;
    if (one.isDirectory()) yield* pathsIn(path, wanted);
  }
}
