import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, expect, test } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { copyPass } from '../../src/copy/copy-pass.ts';
import { identityOf, localMachine } from './local-machine.ts';
import { isRoot } from './sample-tree.ts';

const files = 1_500;
const folder = mkdtempSync(join(tmpdir(), 'migrate-verify-killed-'));
const [from, to, manifest] = [join(folder, 'from'), join(folder, 'to'), join(folder, 'manifest')];
const log = `${manifest}.verifying`;

beforeAll(async () => {
  mkdirSync(from);
  mkdirSync(to);
  for (let file = 0; file < files; file += 1) writeFileSync(join(from, `file-${file}`), `content ${file}`);
  const places = { source: identityOf(from), target: identityOf(to) };
  await copyPass(
    { from, to, manifest, pass: 'final', owner: 'run', engine: 'rsync', asRoot: isRoot, ...places },
    localMachine(),
  );
  return () => rmSync(folder, { recursive: true, force: true });
});

interface End {
  readonly first: readonly string[];
  readonly filesRead: number;
  readonly filesReadBefore: number;
}

/** Verifies in a process of its own, which is killed once its log has this many lines. */
async function run(killAtLines?: number): Promise<End | undefined> {
  const script = join(import.meta.dirname, 'verify-once.ts');
  const child = spawn(process.execPath, [script, manifest, to, String(statSync(to).ino)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let end: End | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (killAtLines !== undefined && linesOfLog() > killAtLines) child.kill('SIGKILL');
    if (line.startsWith('end ')) end = JSON.parse(line.slice(4)) as End;
  }
  return end;
}

function linesOfLog(): number {
  return readFileSync(log, 'utf8').split('\n').length;
}

test('a verification that is killed goes on where it was, and reads again whatever was touched since', async () => {
  expect(await run(files / 2)).toBeUndefined();
  // Half a line, as a power cut leaves one.
  appendFileSync(log, '[7,"12');
  const remembered = linesOfLog() - 2;
  expect(remembered).toBeGreaterThan(files / 2 - 1);
  const touched = 'file-0';
  expect(readFileSync(log, 'utf8')).toContain(`"${statSync(join(to, touched)).ino}"`);
  const size = statSync(join(to, touched)).size;
  writeFileSync(join(to, touched), 'x'.repeat(size));
  const end = await run();
  expect(end?.first.toSorted()).toEqual([touched, touched]);
  expect(end?.filesReadBefore).toBe(remembered - 1);
  expect(end?.filesRead).toBe(files - remembered + 1);
});

test('the log of another manifest, or of another target, is not gone on with', async () => {
  const other = readFileSync(log, 'utf8').replace(/"target":"\d+"/, '"target":"1"');
  writeFileSync(log, other);
  expect((await run())?.filesReadBefore).toBe(0);
});
