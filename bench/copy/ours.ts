/**
 * Copies, verifies, or looks whether there is anything to do, as the operations do, in one process as a run
 * does, compiled into DIST: a line on stdin for each, a line on stdout when it is done.
 * `node bench/copy/ours.ts FROM TO MANIFEST DIST`.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type * as Copy from '../../src/copy/index.ts';
import type * as Output from '../../src/host/output.ts';

const [from = '', to = '', manifest = '', dist = ''] = process.argv.slice(2);
const compiled = (path: string) => pathToFileURL(join(dist, 'src', `${path}.js`)).href;
const { copyPass, identify, isSourceUntouched, openManifest, verify, VerifiedLog, verifiedLogFile } =
  (await import(compiled('copy/index'))) as typeof Copy;
const { Lines } = (await import(compiled('host/output'))) as typeof Output;

const machine: Copy.CopyMachine = {
  run: ([program, ...args], { env, onLine } = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const lines = new Lines((line) => onLine?.(line));
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => lines.add(chunk));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.once('error', reject);
      child.once('close', (exitCode) => {
        lines.end();
        resolve({ exitCode, stderr });
      });
    }),
  flush: (folder, signal) =>
    new Promise((resolve, reject) => {
      spawn('sync', ['-f', folder], { stdio: 'ignore', signal })
        .once('close', (code) => (code === 0 ? resolve(code) : reject(new Error(`sync ended with ${code}`))))
        .once('error', reject);
    }),
  guard: () => Promise.resolve(),
  progress: () => {},
  log: () => {},
  now: () => performance.now(),
  date: () => new Date().toISOString(),
  signal: new AbortController().signal,
};
const began = { wall: Date.now(), boottime: 0, bootId: 'bench' };

async function copy(): Promise<void> {
  const [source, target] = [identify(from), identify(to)];
  if (source === undefined || target === undefined) throw new Error('no such folders');
  const places = { from, to, source, target, manifest, began };
  await copyPass({ ...places, pass: 'final', owner: 'bench', engine: 'rsync', asRoot: true }, machine);
}

async function verifyCopy(): Promise<void> {
  const opened = openManifest(manifest);
  const { sha256, entries } = opened.summary;
  const header = { manifest: sha256, target: identify(to)?.inode ?? '', since: began };
  const log = new VerifiedLog(verifiedLogFile(manifest), header, entries, () => true);
  const found = await verify({ manifest: opened, target: to, log }, machine);
  log.close();
  log.remove();
  if (found.differences > 0) throw new Error(`it found ${found.differences} differences`);
}

async function probe(): Promise<void> {
  if (!(await isSourceUntouched(openManifest(manifest), from))) throw new Error('the source was touched');
}

const parts: Record<string, () => Promise<void>> = { copy, verify: verifyCopy, probe };
for await (const part of createInterface({ input: process.stdin })) {
  const done = parts[part];
  if (done === undefined) throw new Error(`there is no part ${part}`);
  await done();
  process.stdout.write(`${part}\n`);
}
