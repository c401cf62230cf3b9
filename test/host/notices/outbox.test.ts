import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deliverKept, longestAgeMs, type DeliverOptions } from '../../../src/host/notices/deliver.ts';
import { keepNotice, keptNotices, mostNotices } from '../../../src/host/notices/outbox.ts';
import type { Sent } from '../../../src/host/notices/send.ts';
import { acquireLock } from '../../../src/host/lock.ts';
import type { NoticeDocument } from '../../../src/runbook/notice.ts';
import { temporaryFolder } from '../folder.ts';

const now = Date.parse('2026-11-21T20:00:00.000Z');
const well: Sent = { by: 'tell-me', exitCode: 0 };
const down: Sent = { by: 'tell-me', exitCode: null, error: 'no network' };

const notice = (id: string, ageMs = 0, title = id): NoticeDocument => ({
  ...{
    type: 'notification',
    id,
    kind: 'failed',
    priority: 'high',
    title,
    body: '',
    about: '',
    host: 'forge',
  },
  at: new Date(now - ageMs).toISOString(),
});
const outbox = () => join(temporaryFolder(), 'outbox');
const idsIn = async (folder: string) => (await keptNotices(folder)).map(({ id }) => id);

async function deliver(folder: string, how: (id: string) => Sent, more: Partial<DeliverOptions> = {}) {
  const tried: string[] = [];
  const delivered = await deliverKept(folder, {
    send: async ({ id }) => {
      tried.push(id);
      return how(id);
    },
    ...{ now, signal: new AbortController().signal },
    ...more,
  });
  return { ...delivered, tried };
}

describe('the outbox', () => {
  it('is readable for its owner alone, and forgets what was delivered', async () => {
    const folder = outbox();
    await keepNotice(folder, notice('a'));
    const [file = ''] = readdirSync(folder);
    expect(JSON.parse(readFileSync(join(folder, file), 'utf8'))).toEqual(notice('a'));
    expect(await deliver(folder, () => well)).toMatchObject({ tried: ['a'], left: 0, dropped: [] });
    expect(await deliver(folder, () => well)).toMatchObject({ tried: [], left: 0 });
  });

  it('costs nothing where there is none, and makes none', async () => {
    const folder = outbox();
    expect(await deliver(folder, () => well)).toMatchObject({ tried: [], left: 0 });
    expect(existsSync(folder)).toBe(false);
  });

  it('sends the newest first that is asked for, and then the oldest', async () => {
    const folder = outbox();
    for (const [id, age] of [
      ['b', 2],
      ['c', 1],
      ['a', 3],
    ] as const)
      await keepNotice(folder, notice(id, age));
    expect(await deliver(folder, () => well, { first: 'c' })).toMatchObject({ tried: ['c', 'a', 'b'] });
  });

  it('keeps what cannot be sent, and tries no other then; one that is refused holds up no other', async () => {
    const folder = outbox();
    for (const [id, age] of [
      ['a', 3],
      ['b', 2],
      ['c', 1],
    ] as const)
      await keepNotice(folder, notice(id, age));
    expect(await deliver(folder, () => down)).toMatchObject({ tried: ['a'], left: 3 });
    const refusing = await deliver(folder, (id) => (id === 'a' ? { ...down, refused: true } : well));
    expect(refusing).toMatchObject({ tried: ['a', 'b', 'c'], left: 1 });
    expect(await idsIn(folder)).toEqual(['a']);
  });

  it('is left alone for a while by whoever comes by often, and no longer by a clock that was set back', async () => {
    const folder = outbox();
    await keepNotice(folder, notice('a'));
    const pauseMs = 600_000;
    expect(await deliver(folder, () => down, { pauseMs })).toMatchObject({ tried: ['a'] });
    expect(await deliver(folder, () => down, { pauseMs, now: now + 599_000 })).toMatchObject({ tried: [] });
    expect(await deliver(folder, () => down, { pauseMs, now: now + 600_000 })).toMatchObject({
      tried: ['a'],
    });
    expect(await deliver(folder, () => down, { pauseMs, now: now - 1 })).toMatchObject({ tried: ['a'] });
    expect(await deliver(folder, () => well)).toMatchObject({ tried: ['a'], left: 0 });
  });

  it('holds one of each id, with the latest words', async () => {
    const folder = outbox();
    await keepNotice(folder, notice('a', 5_000, 'prepared'));
    await keepNotice(folder, notice('a', 0, 'told'));
    let title = '';
    await deliver(folder, () => well, { send: async (sent) => ((title = sent.title), well) });
    expect(title).toBe('told');
    expect(await idsIn(folder)).toEqual([]);
  });

  it('drops what nobody could be told for days, and says so', async () => {
    const folder = outbox();
    await keepNotice(folder, notice('old', longestAgeMs + 1, 'move-home: failed'));
    await keepNotice(folder, notice('late', longestAgeMs - 1));
    await keepNotice(folder, notice('from-tomorrow', -86_400_000));
    expect(await deliver(folder, () => well)).toMatchObject({
      tried: ['late', 'from-tomorrow'],
      dropped: ['a notice was dropped, nobody could be told for 3 days: move-home: failed'],
      left: 0,
    });
  });

  it('drops what is damaged, and says which file it was', async () => {
    const folder = outbox();
    await keepNotice(folder, notice('a'));
    const [file = ''] = readdirSync(folder);
    writeFileSync(join(folder, file), '{"type":"notif');
    expect(await deliver(folder, () => well)).toMatchObject({
      tried: [],
      dropped: [expect.stringContaining(file)],
      left: 0,
    });
  });

  it(`holds ${mostNotices} at most, and gives up the oldest`, async () => {
    const folder = outbox();
    mkdirSync(folder, { mode: 0o700 });
    for (let age = mostNotices; age > 0; age -= 1)
      writeFileSync(join(folder, `${now - age}-n${age}.json`), JSON.stringify(notice(`n${age}`, age)));
    expect(await keepNotice(folder, notice('news'))).toBe(1);
    const ids = await idsIn(folder);
    expect(ids).toHaveLength(mostNotices);
    expect(ids).not.toContain(`n${mostNotices}`);
    expect(ids.at(-1)).toBe('news');
  });

  it('is sent by one process at a time; another leaves its notice to that', async () => {
    const folder = outbox();
    await keepNotice(folder, notice('a'));
    const send = async () => {
      const lock = acquireLock(folder, { what: 'it', command: 'migrate' });
      await expect(lock).rejects.toMatchObject({ code: 'lock.held' });
      return well;
    };
    await deliver(folder, () => well, { send });
    expect(await idsIn(folder)).toEqual([]);
  });

  it('sends also what comes in while it sends', async () => {
    const folder = outbox();
    await keepNotice(folder, notice('a'));
    const sent: string[] = [];
    await deliver(folder, () => well, {
      send: async ({ id }) => {
        if (id === 'a') await keepNotice(folder, notice('b'));
        sent.push(id);
        return well;
      },
    });
    expect(sent).toEqual(['a', 'b']);
  });

  it('that others could write to, or that is a link, is neither sent from nor written to', async () => {
    const folder = outbox();
    await keepNotice(folder, notice('a'));
    chmodSync(folder, 0o777);
    expect(await deliver(folder, () => well)).toMatchObject({
      tried: [],
      left: 1,
      blocked: expect.stringContaining('trusted'),
    });
    await expect(keepNotice(folder, notice('b'))).rejects.toThrow('everybody may write there');
    const target = temporaryFolder();
    mkdirSync(join(target, 'elsewhere'));
    symlinkSync(join(target, 'elsewhere'), join(target, 'outbox'));
    await expect(keepNotice(join(target, 'outbox'), notice('a'))).rejects.toThrow('symlink');
  });
});
