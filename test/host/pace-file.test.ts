import { mkdtempSync, readFileSync, rmSync, statSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { LiveEvent } from '../../src/engine/ports.ts';
import { openPace, paceFile, readPace } from '../../src/host/pace-file.ts';
import { eventAt, stepCompleted, stepStarted } from '../render/sample-run.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'migrate-pace-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const progress = (doneBytes: number, doing = 'copying'): LiveEvent => ({
  ...{ type: 'progress', step: 'copy', progress: { doing, doneBytes } },
});

test('what a copy tells of its progress is noted with its first and its last word, and can be read while it goes on', async () => {
  const place = folder();
  let now = 1_000_000;
  const pace = openPace(place, () => now);
  pace.tell({ type: 'journaled', event: eventAt(0, stepStarted('copy', 2)) });
  for (let bytes = 0; bytes <= 1000; bytes += 10) {
    pace.tell(progress(bytes));
    now += 100;
  }
  pace.tell({ type: 'journaled', event: eventAt(1, stepCompleted('copy')) });
  pace.tell(progress(0, 'verifying'));
  const [copying, verifying] = await readPace(place);
  expect(copying).toMatchObject({ step: 'copy', attempt: 2, doing: 'copying' });
  expect(copying?.points.at(0)).toEqual({ at: 1_000_000, bytes: 0 });
  expect(copying?.points.at(-1)).toEqual({ at: 1_010_000, bytes: 1000 });
  expect(copying?.points.length).toBeLessThan(50);
  expect(verifying).toMatchObject({ doing: 'verifying', points: [{ bytes: 0 }] });
  pace.close();
});

test('a copy of days is noted in a few kilobytes', async () => {
  const place = folder();
  let now = 0;
  const pace = openPace(place, () => now);
  for (; now < 3 * 86_400_000; now += 5_000) pace.tell(progress(now));
  pace.close();
  expect(statSync(paceFile(place)).size).toBeLessThan(150_000);
  const [series] = await readPace(place);
  expect(series?.points.length).toBeGreaterThan(500);
});

test('a line that a full disk has cut is passed over, and a folder that is gone stops nothing', async () => {
  const place = folder();
  const pace = openPace(place, () => 5);
  pace.tell(progress(1));
  appendFileSync(paceFile(place), '{"step":"co\n{"step":1}\n');
  pace.close();
  expect(readFileSync(paceFile(place), 'utf8')).toContain('"bytes":1');
  expect(await readPace(place)).toMatchObject([{ points: [{ at: 5, bytes: 1 }] }]);
  const nowhere = openPace(join(place, 'gone'), () => 5);
  nowhere.tell(progress(1));
  nowhere.close();
  expect(await readPace(join(place, 'gone'))).toEqual([]);
});
