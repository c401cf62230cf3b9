import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { noticeFindings } from '../../src/cli/doctor/notice-findings.ts';
import { readStatus } from '../../src/cli/shown/read-status.ts';
import { systemClock } from '../../src/host/clock.ts';
import { keepNotice, outboxFolder } from '../../src/host/notices/outbox.ts';
import { temporaryFolder } from '../host/folder.ts';

const at = Date.parse('2026-11-21T20:00:00.000Z');
const minute = 60_000;

async function stateWith(...ids: readonly string[]): Promise<string> {
  const state = temporaryFolder();
  for (const [index, id] of ids.entries()) {
    await keepNotice(outboxFolder(state), {
      ...{ type: 'notification', id, kind: 'failed', priority: 'high', body: '', about: '', host: 'forge' },
      title: `the disk of ${id} is full`,
      at: new Date(at + index * minute).toISOString(),
    });
  }
  return state;
}

describe('notices that nobody could be told', () => {
  test('are nothing to tell of where there are none', async () => {
    const state = temporaryFolder();
    expect(await noticeFindings(state, at)).toEqual([]);
    expect((await readStatus(state, undefined, systemClock)).notices).toEqual({ waiting: 0, since: null });
  });

  test('are told by status and doctor, with the oldest', async () => {
    const state = await stateWith('one', 'two');
    expect((await readStatus(state, undefined, systemClock)).notices).toEqual({
      waiting: 2,
      since: '2026-11-21T20:00:00.000Z',
    });
    expect(await noticeFindings(state, at + 16 * minute)).toMatchObject([
      {
        verdict: 'in-doubt',
        says: '2 notices wait to be told, the oldest of 2026-11-21T20:00:00.000Z (the disk of one is full)',
        do: expect.stringContaining('migrate notify deliver') as string,
      },
    ]);
  });

  test('are no cause for doubt while they may be on their way', async () => {
    const state = await stateWith('one');
    expect(await noticeFindings(state, at + 14 * minute)).toMatchObject([{ verdict: 'sound' }]);
  });

  test('are in doubt where others could have put them there', async () => {
    const state = await stateWith('one');
    chmodSync(outboxFolder(state), 0o777);
    expect(await noticeFindings(state, at)).toMatchObject([
      { verdict: 'in-doubt', says: expect.stringContaining(join(state, 'outbox')) as string },
    ]);
  });
});
