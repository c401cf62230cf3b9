import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { liveDocument, notificationDocument, resultDocument } from '../../src/render/documents/index.ts';
import { ManualClock } from '../engine/manual-clock.ts';
import { receiver } from '../host/notices/receiver.ts';
import { smallRunbook } from './migrate-process.ts';

const day = 86_400_000;
let root = '';
let clock = new ManualClock();
let out = '';
let err = '';
const environment = { ...process.env };

beforeEach(() => {
  // Not in the temp folder, which may lie in memory, where no state is kept.
  root = mkdtempSync('/var/tmp/migrate-notify-');
  clock = new ManualClock();
  mkdirSync(join(root, 'world'));
  Object.assign(process.env, {
    XDG_CONFIG_HOME: join(root, 'config'),
    MIGRATE_STATE_DIR: join(root, 'state'),
    MIGRATE_CLAIMS_DIR: join(root, 'claims'),
  });
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((out += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((err += String(text))));
});
afterEach(() => {
  vi.restoreAllMocks();
  process.env = { ...environment };
  rmSync(root, { recursive: true, force: true });
});

async function migrate(...argv: string[]) {
  out = '';
  err = '';
  const exit = await main(argv, { clock });
  return { exit, out, err };
}
const prefer = (preferences: object) => {
  mkdirSync(join(root, 'config/migrate'), { recursive: true });
  writeFileSync(join(root, 'config/migrate/config.json'), JSON.stringify(preferences));
};
const begin = (...more: string[]) => migrate('run', smallRunbook, '--set', `folder=${root}/world`, ...more);
const kept = () => {
  const folder = join(root, 'state/outbox');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
};
const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

describe('a run at the terminal', () => {
  test('makes no outbox and prints the same when nothing is configured', async () => {
    expect(await begin('--json')).toMatchObject({ exit: 3 });
    const all = lines(out);
    expect(resultDocument.parse(all.pop())).toMatchObject({ status: 'waiting' });
    expect(out).not.toContain('notified');
    expect(existsSync(join(root, 'state/outbox'))).toBe(false);
  });

  test('tells a webhook only when it is to tell always, in the documented form', async () => {
    const { url, received } = await receiver(200);
    prefer({ notify: `webhook:${url}` });
    expect(await begin('--until', 'maybe')).toMatchObject({ exit: 0 });
    expect(await migrate('resume')).toMatchObject({ exit: 3 });
    expect(received).toEqual([]);
    prefer({ notify: `webhook:${url}`, 'notify-when': 'always' });
    expect(await migrate('resume')).toMatchObject({ exit: 3 });
    expect(notificationDocument.parse(received[0]?.json)).toMatchObject({
      ...{ kind: 'waiting', priority: 'medium', title: 'small: waits for you', step: 'key' },
      hint: expect.stringContaining('migrate confirm'),
    });
    const [run = ''] = readdirSync(join(root, 'state/runs'));
    expect(await migrate('rollback', run, '--yes')).toMatchObject({ exit: 0 });
    expect(received[1]?.json).toMatchObject({ kind: 'rolled-back', title: 'small: rolled back', run });
    expect(kept()).toEqual([]);
  });

  test('keeps its exit code when the webhook fails; the notice is kept, and sent by the next', async () => {
    const { url, received } = await receiver(404, 200);
    prefer({ notify: `webhook:${url}`, 'notify-when': 'always' });
    const begun = await begin('--json');
    expect(begun.exit).toBe(3);
    const all = lines(begun.out);
    expect(resultDocument.parse(all.pop())).toMatchObject({ status: 'waiting' });
    expect(all.map((line) => liveDocument.parse(line)).at(-1)).toMatchObject({
      event: { type: 'operator.notified', exitCode: null, kept: true },
    });
    expect(kept()).toHaveLength(1);
    expect(await migrate('notify', 'deliver')).toMatchObject({ exit: 0, out: '1 sent, 0 still wait\n' });
    expect(new Set(received.map(({ json }) => json['id'])).size).toBe(1);
  });

  test('in a rehearsal tells nobody', async () => {
    const { url, received } = await receiver(200);
    prefer({ notify: `webhook:${url}`, 'notify-when': 'always' });
    const words = ['run', smallRunbook, '--set', `folder=${root}/world`];
    expect(await main(words, { clock, tellsNobody: true })).toBe(3);
    expect(received).toEqual([]);
    expect(existsSync(join(root, 'state/outbox'))).toBe(false);
  });

  test('goes on when the notice can be neither kept nor sent, and says so', async () => {
    const { url } = await receiver(404);
    prefer({ notify: `webhook:${url}`, 'notify-when': 'always' });
    mkdirSync(join(root, 'state'), { mode: 0o700 });
    // In the way of the folder, as a full disk would be.
    writeFileSync(join(root, 'state/outbox'), '');
    const begun = await begin();
    expect(begun.exit).toBe(3);
    expect(begun.out + begun.err).toContain('a notice cannot be kept');
    expect(begun.out + begun.err).toContain('could not tell anybody');
  });
});

describe('migrate notify', () => {
  test('tries one at once with test, says who took it, and keeps none that is not taken', async () => {
    const { url, received } = await receiver(200, { status: 403, says: 'no' });
    prefer({ notify: `ntfy:${url}` });
    expect(await migrate('notify', 'test')).toMatchObject({
      ...{ exit: 0, out: `told by ntfy ${new URL(url).host}\n` },
    });
    expect(received[0]?.json).toMatchObject({ topic: 'hook', title: 'A test of migrate', priority: 2 });
    expect(await migrate('notify', 'test')).toMatchObject({
      ...{ exit: 1, err: expect.stringContaining('it answered 403: no') },
    });
    expect(kept()).toEqual([]);
    prefer({ notify: 'none' });
    expect(await migrate('notify', 'test')).toMatchObject({ exit: 2 });
  });

  test('send fills a template with its priority, and keeps what cannot be sent, with exit code 0', async () => {
    const { url, received } = await receiver(404, 200);
    prefer({ notify: `webhook:${url}` });
    const words = ['--template', 'syncoid-lag-warning', '--set', 'lagHours=14', '--set', 'dataset=tank/x'];
    const sent = await migrate('notify', 'send', ...words, '--json');
    expect(sent).toMatchObject({ exit: 0, err: '' });
    expect(JSON.parse(sent.out)).toMatchObject({ delivered: false, kept: true, error: 'it answered 404' });
    expect(notificationDocument.parse(received[0]?.json)).toMatchObject({
      ...{ kind: 'message', priority: 'medium', title: 'Syncoid replication lag' },
      ...{ body: 'Lag: 14 hours\nDataset: tank/x', fields: { lagHours: '14', dataset: 'tank/x' } },
    });
    // The next process sends it beside its own.
    expect(await migrate('notify', 'send', '--title', 'Done')).toMatchObject({ exit: 0 });
    expect(received.map(({ json }) => json['title']).slice(1)).toEqual(['Done', 'Syncoid replication lag']);
    expect(kept()).toEqual([]);
  });

  test('deliver says what was dropped for its age, and leaves with exit code 3 while some wait', async () => {
    const { url } = await receiver(404);
    prefer({ notify: `webhook:${url}` });
    await migrate('notify', 'send', '--title', 'The scrub has found errors');
    expect(await migrate('notify', 'deliver')).toMatchObject({
      ...{ exit: 3, out: '0 sent, 1 still wait: it answered 404\n' },
    });
    clock.pass(4 * day);
    expect(await migrate('notify', 'deliver')).toMatchObject({
      exit: 0,
      out: expect.stringContaining('dropped, nobody could be told for 4 days: The scrub has found errors'),
    });
  });

  test.each([
    [['--template', 'sanoid-failur'], 'Did you mean "sanoid-failure"?'],
    [['--template', 'syncoid-lag-warning', '--set', 'lag=4'], 'has no field "lag"'],
    [['--template', 'preseed-success'], 'needs the field "serviceName"'],
    [[], 'a notice needs --title, or --template'],
    [['--title', 'x', '--set', 'a=b'], '--set fills a template'],
    [['--title', 'x', '--priority', 'urgent'], 'Allowed choices are low, medium, high'],
  ])('send %j exits 2 and says what was meant', async (words, message) => {
    expect(await migrate('notify', 'send', ...words)).toMatchObject({
      ...{ exit: 2, err: expect.stringContaining(message) },
    });
  });

  test('templates lists them with their fields', async () => {
    expect((await migrate('notify', 'templates')).out).toContain(
      'preseed-success (low): Data restored: {serviceName}\n  serviceName, restoreSource, duration',
    );
  });
});

test.each([
  ['notify', 'ntfy:https://ntfy.example/', 'names no topic'],
  ['notify', 'webhook:https://me:pass@hooks.example/', 'holds a user or a password'],
  ['notify-token', 'tk_secret', 'never the token itself'],
  ['notify-headers', '["X-Key=secret"]', 'a JSON array of'],
])('migrate config set %s refuses %s', async (key, value, message) => {
  expect(await migrate('config', 'set', key, value)).toMatchObject({
    ...{ exit: 2, err: expect.stringContaining(message) },
  });
  expect(existsSync(join(root, 'config/migrate/config.json'))).toBe(false);
});

test('migrate config set takes a token and headers by reference, and shows no more', async () => {
  expect(await migrate('config', 'set', 'notify-token', 'file:/run/token')).toMatchObject({ exit: 0 });
  expect(await migrate('config', 'set', 'notify-headers', '["X-Key=env:KEY"]')).toMatchObject({ exit: 0 });
  expect(JSON.parse(readFileSync(join(root, 'config/migrate/config.json'), 'utf8'))).toEqual({
    'notify-token': 'file:/run/token',
    'notify-headers': ['X-Key=env:KEY'],
  });
});
