import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readJournal } from '../../src/host/journal-file.ts';
import type { JournalEvent } from '../../src/journal/event.ts';
import { temporaryFolder } from '../host/folder.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('skipped: loop devices need root');

/**
 * Runs a program on a real file system until it has printed so many lines or has ended, cuts the file
 * system's power, has `next` work on what is there after the next mount, and copies it out. The
 * namespace takes the mounts with it.
 *
 *   FOLDER FILESYSTEM LINES NEXT PROGRAM…; @ in the program stands for the mount point
 */
const script = `
  set -e
  folder=$1 type=$2 lines=$3 next=$4; shift 4
  truncate -s 320M "$folder/disk" && "mkfs.$type" -q "$folder/disk" && mkdir "$folder/mount"
  mount -o loop "$folder/disk" "$folder/mount"
  export MIGRATE_CLAIMS_DIR="$folder/claims" AT="$folder/mount"
  : > "$folder/acknowledged"
  "$@" > "$folder/acknowledged" 2> "$folder/errors" &
  while [ "$(wc -l < "$folder/acknowledged")" -lt "$lines" ] && kill -0 $! 2> /dev/null; do sleep 0.01; done
  # Only this counts: a sync that the cut finds half-way may answer as if nothing were wrong.
  cp "$folder/acknowledged" "$folder/before"
  xfs_io -x -c shutdown "$folder/mount"
  kill -KILL $! 2> /dev/null || true; wait $! || true
  # What it had begun may take a moment longer to end.
  tries=0; until umount "$folder/mount" 2> /dev/null || [ $((tries += 1)) -gt 200 ]; do sleep 0.05; done
  mount -o loop "$folder/disk" "$folder/mount"
  mkdir "$folder/after" && cp -a "$folder/mount/." "$folder/after"
  eval "$next" > "$folder/next" 2>&1 || echo "exit $?" >> "$folder/next"
  umount "$folder/mount"`;

function cutPower(type: string, lines: number, program: readonly string[], next = ':') {
  const folder = temporaryFolder();
  const inMount = program.map((word) => word.replace('@', `${folder}/mount`));
  execFileSync('unshare', ['-m', 'sh', '-c', script, 'sh', folder, type, String(lines), next, ...inMount], {
    timeout: 120_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const acknowledged = readFileSync(`${folder}/before`, 'utf8').split('\n').slice(0, -1);
  return { folder, acknowledged, next: readFileSync(`${folder}/next`, 'utf8') };
}

const node = process.execPath;
const cli = fileURLToPath(new URL('../../src/cli/migrate.ts', import.meta.url));
const runbook = fileURLToPath(new URL('power-cut-runbook.ts', import.meta.url));
const small = [node, cli, '--state-dir', '@/state', 'run', runbook, '--json', '--yes'];
const goOn = `"${node}" "${cli}" --state-dir "$AT/state" resume --yes --json || "${node}" "${cli}" --state-dir "$AT/state" run "${runbook}" --yes --json`;

/** What `--json` tells of the journal, each event after it was made durable. */
function journaled(lines: readonly string[]): readonly JournalEvent[] {
  return lines
    .filter((line) => line.startsWith('{"type":"journaled"'))
    .map((line) => (JSON.parse(line) as { event: JournalEvent }).event);
}

describe.skipIf(!isRoot).each(['ext4', 'xfs'])('a power cut on %s', (type) => {
  test('loses no event that was acknowledged', async () => {
    for (const size of ['10', '6000']) {
      const program = [node, 'test/host/append-forever.ts', '@/journal.jsonl', 'create', size];
      const { folder, acknowledged } = cutPower(type, 25, program);
      const { events } = await readJournal(`${folder}/after/journal.jsonl`);
      expect(acknowledged.length).toBeGreaterThanOrEqual(25);
      expect(events.length).toBeGreaterThanOrEqual(Number(acknowledged.at(-1)));
    }
  });

  test('leaves the old content of a file or the new, whole', () => {
    const { folder, acknowledged } = cutPower(type, 25, [node, 'test/host/replace-forever.ts', '@/file']);
    const content = readFileSync(`${folder}/after/file`, 'utf8');
    const number = Number(content.split('\n')[0]);
    expect(content).toBe(`${number}\n`.repeat(2000));
    expect(number).toBeGreaterThanOrEqual(Number(acknowledged.at(-1)));
  });

  test('leaves at every append of a run what was acknowledged, and the script that takes it back; the run goes on', async () => {
    let appends = 1;
    let cutShort = 0;
    for (let lines = 1; lines <= appends; lines += 1) {
      // Every other one goes on to its end, and on the other file system those in between.
      const resumes = lines % 2 === (type === 'xfs' ? 0 : 1);
      const { folder, acknowledged, next } = cutPower(type, lines, small, resumes ? goOn : ':');
      const told = journaled(acknowledged);
      if (lines > 2) expect(told.length).toBeGreaterThan(0);
      const run = readdirSync(join(folder, 'after/state/runs'))[0] ?? '';
      const kept = join(folder, 'after/state/runs', run);
      const { events } = await readJournal(join(kept, 'journal.jsonl'));
      expect(events.slice(0, told.length), `cut after ${lines} lines`).toEqual(told);
      const begun = events.flatMap((event) => (event.type === 'step.started' ? [event.step] : []));
      const undo = begun.length === 0 ? '' : readFileSync(join(kept, 'undo.sh'), 'utf8');
      for (const step of begun) expect(undo).toContain(`begin '${step}' `);
      if (resumes) expect(next).toMatch(/"type":"run.completed"|is completed/);
      // The run goes on while its line is read, and may be over before the power goes.
      const isOver = events.at(-1)?.type === 'run.completed';
      if (!isOver) cutShort += 1;
      appends = Math.max(appends, isOver ? events.length : lines + 1);
    }
    expect(appends).toBeGreaterThan(12);
    expect(cutShort).toBeGreaterThan(4);
  });
});
