import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../setup/bundle.ts';

const root = join(import.meta.dirname, '../..');
/** Worlds see it, since it lies in the checkout, and nobody but who may write there can put something in it. */
const place = join(root, 'node_modules/.cache/migrate-runbook');
const madeOf = ['package.json', 'package-lock.json', 'setup/bundle.ts'];
const foldersMadeOf = ['src', 'runbooks', 'fixtures/worlds'];
const keptMs = 24 * 3_600_000;

/**
 * This package as it is published, made once of the sources as they are now. Sweeps start the program some thousand
 * times, and it starts in a third of the time; besides, they then try what people run.
 */
export async function builtProgram(): Promise<string> {
  const folder = join(place, hashOfSources());
  mkdirSync(place, { recursive: true });
  if (!existsSync(folder)) {
    const fresh = mkdtempSync(join(place, 'new-'));
    // Rehearsals of an ordinary user start it too.
    chmodSync(fresh, 0o755);
    cpSync(join(root, 'package.json'), join(fresh, 'package.json'));
    cpSync(join(root, 'fixtures/worlds'), join(fresh, 'fixtures/worlds'), { recursive: true });
    await bundle(join(fresh, 'dist'));
    try {
      renameSync(fresh, folder);
    } catch (thrown) {
      // Another test was first.
      rmSync(fresh, { recursive: true });
      if (!existsSync(folder)) throw thrown;
    }
  }
  const now = new Date();
  utimesSync(folder, now, now);
  for (const name of readdirSync(place)) {
    const age = now.getTime() - (statSync(join(place, name), { throwIfNoEntry: false })?.mtimeMs ?? Infinity);
    if (age > keptMs) rmSync(join(place, name), { recursive: true, force: true });
  }
  return folder;
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  const inFolders = foldersMadeOf.flatMap((folder) => globSync(`${folder}/**/*`, { cwd: root }));
  for (const name of [...madeOf, ...inFolders.toSorted()]) {
    const path = join(root, name);
    if (statSync(path).isFile()) hash.update(`${name}\0`).update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

const inMemory = '/dev/shm';
const tmpfs = 0x01021994;
const roomForWorlds = 4 * 1024 ** 3;

/**
 * Where worlds wait for no disk: what they sync is lost with a power cut, and they are only killed. In the folder
 * for temporary files where there is too little memory.
 */
export function placeForWorlds(): string {
  if (!existsSync(inMemory)) return tmpdir();
  const { type, bavail, bsize } = statfsSync(inMemory);
  return type === tmpfs && bavail * bsize >= roomForWorlds ? inMemory : tmpdir();
}
