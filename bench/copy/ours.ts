/** Copies or verifies as the operations do, in a process of its own: `node bench/copy/ours.ts copy FROM TO MANIFEST`. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { copyPass } from '../../src/copy/copy-pass.ts';
import { identify, openManifest, verify, type CopyMachine } from '../../src/copy/index.ts';

const [what, from = '', to = '', manifest = ''] = process.argv.slice(2);
const machine: CopyMachine = {
  run: async ([program, ...args], { env, onLine } = {}) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    for await (const line of createInterface({ input: child.stdout })) onLine?.(line);
    return { exitCode: await ended, stderr };
  },
  flush: (folder, signal) =>
    new Promise((resolve) => {
      spawn('sync', ['-f', folder], { stdio: 'ignore', signal })
        .once('close', resolve)
        .once('error', resolve);
    }),
  guard: () => Promise.resolve(),
  progress: () => {},
  log: () => {},
  now: () => performance.now(),
  date: () => new Date().toISOString(),
  signal: new AbortController().signal,
};

if (what === 'copy') {
  const [source, target] = [identify(from), identify(to)];
  if (source === undefined || target === undefined) throw new Error('no such folders');
  await copyPass(
    { from, to, manifest, pass: 'final', owner: 'bench', engine: 'rsync', asRoot: true, source, target },
    machine,
  );
} else {
  const found = await verify({ manifest: openManifest(manifest), target: to }, machine);
  if (found.differences > 0) throw new Error(`it found ${found.differences} differences`);
}
