import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { sendNotice, type SendOptions } from '../../../src/host/notices/send.ts';
import { wayOf, type Way } from '../../../src/host/notices/way.ts';
import { replyTo, type Request } from '../../../src/host/notices/request.ts';
import type { Host } from '../../../src/runbook/index.ts';
import type { NoticeDocument } from '../../../src/runbook/notice.ts';
import { noticeSchema } from '../../../src/runbook/notice.ts';
import { temporaryFolder } from '../folder.ts';
import { receiver } from './receiver.ts';

/** As the process for one request does it, without the time that a process takes. */
const exec: Host['exec'] = async ({ input = '' }, { signal } = {}) => {
  const reply = await replyTo(JSON.parse(input) as Request, signal);
  if (signal?.aborted === true) throw new Error('interrupted');
  return { stdout: JSON.stringify(reply), stderr: '', exitCode: 0 };
};

const notice: NoticeDocument = {
  ...{ type: 'notification', id: '0123456789abcdef', kind: 'failed', priority: 'high' },
  ...{
    title: 'move-home: failed',
    body: 'größer als erlaubt\nSee migrate status',
    about: 'größer als erlaubt',
  },
  ...{ run: 'move-home-1', runbook: 'move-home', host: 'forge', folder: '/state/run' },
  at: '2026-11-21T20:00:00.000Z',
};

const given = (notify: string, more: { token?: string; headers?: string[] } = {}) =>
  wayOf({ notify, token: more.token ?? 'none', headers: more.headers ?? [] }) as Way;
const send = (way: Way, options: Partial<SendOptions> = {}) =>
  sendNotice(way, notice, {
    ...{ exec, text: 'text', json: '{}', signal: AbortSignal.timeout(3_000), firstPauseMs: 5 },
    ...options,
  });
function secretFile(text: string): string {
  const file = join(temporaryFolder(), 'secret');
  writeFileSync(file, `${text}\n`);
  return `file:${file}`;
}

describe('a webhook', () => {
  it('is sent the documented JSON, and an id by which it knows a repeat', async () => {
    const { url, received } = await receiver(200);
    expect(await send(given(`webhook:${url}`))).toEqual({ by: `webhook ${new URL(url).host}`, exitCode: 0 });
    expect(received).toMatchObject([
      { path: '/hook', headers: { 'content-type': 'application/json', 'idempotency-key': notice.id } },
    ]);
    expect(noticeSchema.parse(received[0]?.json)).toEqual(notice);
  });

  it('that answers 500 twice is asked a third time, with the same id', async () => {
    const { url, received } = await receiver(500, 503, 200);
    expect(await send(given(`webhook:${url}`))).toMatchObject({ exitCode: 0 });
    expect(received.map(({ json }) => json['id'])).toEqual([notice.id, notice.id, notice.id]);
  });

  it('that goes on answering 500 is given up after four requests', async () => {
    const { url, received } = await receiver({ status: 500, says: 'out of\n order' });
    expect(await send(given(`webhook:${url}`))).toEqual({
      by: expect.any(String),
      exitCode: null,
      error: 'it answered 500: out of order',
    });
    expect(received).toHaveLength(4);
  });

  it.each([400, 401, 404, 302])('that answers %i is not asked again at once', async (status) => {
    const { url, received } = await receiver(status);
    expect(await send(given(`webhook:${url}`))).toMatchObject({
      ...{ exitCode: null, refused: true, error: `it answered ${status}` },
    });
    expect(received).toHaveLength(1);
  });

  it('that says 429 is asked again', async () => {
    const { url } = await receiver(429, 200);
    expect(await send(given(`webhook:${url}`))).toMatchObject({ exitCode: 0 });
  });

  it('that closes the connection is asked again, and that never answers is left after its time', async () => {
    const closing = await receiver('closes', 200);
    expect(await send(given(`webhook:${closing.url}`))).toMatchObject({ exitCode: 0 });
    const silent = await receiver('never');
    expect(
      await send(given(`webhook:${silent.url}`), { requestLimitMs: 40, signal: AbortSignal.timeout(250) }),
    ).toMatchObject({ exitCode: null, error: 'it took too long' });
    expect(silent.received.length).toBeGreaterThan(1);
  });

  it('that is not there is told by a code, without its address', async () => {
    const way = given('webhook:http://127.0.0.1:1/very-secret');
    expect(await send(way)).toEqual({
      ...{ by: 'webhook 127.0.0.1:1', exitCode: null },
      error: expect.not.stringContaining('very-secret'),
    });
  });

  it('ends at once when the run is interrupted', async () => {
    const { url } = await receiver('never');
    const interruption = new AbortController();
    const sending = send(given(`webhook:${url}`), { signal: interruption.signal });
    interruption.abort();
    expect(await sending).toMatchObject({ exitCode: null });
  });
});

describe('secrets of a notice', () => {
  it('are read from their places, and go to the receiver alone', async () => {
    vi.stubEnv('HOOK_KEY', 'key-from-the-environment');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { url, received } = await receiver(200);
    const way = given(`webhook:${secretFile(url)}`, {
      token: secretFile('token-in-a-file'),
      headers: ['X-Key=env:HOOK_KEY'],
    });
    const { by } = await send(way);
    expect(received[0]?.headers).toMatchObject({
      ...{ authorization: 'Bearer token-in-a-file', 'x-key': 'key-from-the-environment' },
    });
    expect(by).toMatch(/^webhook ‹file:.*secret›$/);
    expect(JSON.stringify(way)).not.toMatch(/token-in-a-file|key-from-the-environment|127\.0\.0\.1/);
  });

  it('are hidden in what a receiver says of them, and in every failure', async () => {
    const { url } = await receiver({ status: 403, says: 'wrong token: token-in-a-file' });
    const way = given(`webhook:${url}`, { token: secretFile('token-in-a-file') });
    const { error } = await send(way);
    expect(error).toMatch(/^it answered 403: wrong token: ‹file:/);
    const broken = given(`webhook:${url}`, { token: secretFile('two\u0007bells-token') });
    expect((await send(broken)).error).not.toContain('bells-token');
    expect((await send(given(`webhook:${secretFile('not an address')}`))).error).not.toContain('not an');
  });

  it('that are missing are named by their reference', async () => {
    const { url, received } = await receiver(200);
    const way = given(`webhook:${url}`, { token: 'file:/nowhere/token' });
    expect(await send(way)).toMatchObject({ error: expect.stringContaining('file:/nowhere/token') });
    expect(received).toEqual([]);
  });

  it.each([
    ['webhook:https://me:pass@hooks.example/x', 'holds a user or a password'],
    ['webhook:https://', 'is no address'],
    ['ntfy:https://ntfy.example/', 'names no topic'],
  ])('do not stand in an address: %s', (notify, message) => {
    expect(() => given(notify)).toThrow(message);
    expect(() => given(notify)).not.toThrow(/pass@/);
  });
});

describe('ntfy', () => {
  it('gets title, text, priority and topic as JSON at its root', async () => {
    const { url, received } = await receiver(200);
    await send(given(`ntfy:${url}`, { token: secretFile('tk_token') }));
    expect(received).toEqual([
      expect.objectContaining({
        path: '/',
        json: {
          ...{ topic: 'hook', title: 'move-home: failed', message: notice.body, priority: 4 },
          ...{ tags: ['failed', 'move-home'], sequence_id: notice.id },
        },
      }),
    ]);
    expect(received[0]?.headers.authorization).toBe('Bearer tk_token');
  });

  it.each([
    ['low', 2],
    ['medium', 3],
    ['high', 4],
  ] as const)('takes %s for its priority %i', async (priority, number) => {
    const { url, received } = await receiver(200);
    const options = { exec, text: '', json: '', signal: AbortSignal.timeout(3_000) };
    await sendNotice(given(`ntfy:${url}`), { ...notice, priority }, options);
    expect(received[0]?.json['priority']).toBe(number);
  });

  it('gets no text that it would make a file of, cut between two characters', async () => {
    const { url, received } = await receiver(200);
    const options = { exec, text: '', json: '', signal: AbortSignal.timeout(3_000) };
    await sendNotice(given(`ntfy:${url}`), { ...notice, body: `a${'ä'.repeat(4_000)}` }, options);
    const message = String(received[0]?.json['message']);
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(4_096);
    expect(message).toMatch(/^aä+…$/);
  });
});
