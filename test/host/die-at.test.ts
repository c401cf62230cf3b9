import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournal } from '../../src/host/journal-file.ts';
import { acquireLock } from '../../src/host/lock.ts';

describe('a process that is killed', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'die-at-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const dieAt = (point: string) =>
    spawnSync(process.execPath, [join(import.meta.dirname, 'die-at.ts'), folder, point]).signal;

  it.each(['taking-lock', 'taking-lock::2', 'freeing-lock', 'freeing-lock::2'])(
    'at %s leaves a lock that the next one takes',
    async (point) => {
      expect(dieAt(point)).toBe('SIGKILL');
      const lock = await acquireLock(folder, { what: 'the folder', command: 'the next one' });
      await lock.release();
    },
  );

  it('with half a line written leaves a journal that is cut back to its last whole line', async () => {
    const path = join(folder, 'journal.jsonl');
    expect(dieAt('half-line::2')).toBe('SIGKILL');
    const [first, half] = readFileSync(path, 'utf8').split('\n');
    expect(half?.length).toBeGreaterThan(10);
    expect(half?.length).toBeLessThan(first?.length ?? 0);
    const journal = await openJournal(path);
    expect(journal.events.map(({ type }) => type)).toEqual(['run.interrupted', 'journal.repaired']);
    await journal.close();
  });
});
