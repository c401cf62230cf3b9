import { createServer, type RequestListener } from 'node:http';
import { createServer as createTls } from 'node:https';
import { createServer as createSocket, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { thisMachine } from '../../../src/host/this-machine.ts';
import { httpAnswers, httpHealth, httpUp } from '../../../src/operations/index.ts';
import { readAnswer } from '../../../src/operations/services/http-answer.ts';
import { httpInput, type HttpInput } from '../../../src/operations/services/http-request.ts';
import type { Host } from '../../../src/runbook/index.ts';
import { temporaryFolder } from '../../host/folder.ts';
import { drive } from '../drive.ts';
import { cert, key } from './localhost-certificate.ts';

async function listening(server: Server): Promise<number> {
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  onTestFinished(() => new Promise<void>((done) => void server.close(() => done())));
  return (server.address() as AddressInfo).port;
}

async function serving(answer: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(createServer({ keepAlive: false } as object, answer))}/ping`;
}

/** A machine whose time passes only while somebody sleeps, and not at all while curl works. */
function timed(): { host: Host; slept: number[] } {
  const slept: number[] = [];
  let passed = 0;
  const clock = {
    now: () => ({ wall: passed, boottime: passed, monotonic: passed }),
    sleep: async (ms: number) => {
      slept.push(ms);
      passed += ms;
    },
  };
  return { host: thisMachine({ clock }), slept };
}

async function ask(input: HttpInput, host: Host = thisMachine()): Promise<unknown> {
  return (await drive(httpHealth, input as never, { host })).act();
}

async function unusedPort(): Promise<number> {
  const server = createSocket();
  const port = await new Promise<number>((done) => {
    server.listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port));
  });
  await new Promise<void>((done) => void server.close(() => done()));
  return port;
}

describe('httpHealth', () => {
  test('gives what was answered', async () => {
    const address = await serving((_, response) => void response.end('{"status":"OK"}'));
    expect(await ask({ address, contains: '"OK"' })).toMatchObject({
      status: 200,
      tries: 1,
      body: '{"status":"OK"}',
    });
  });

  test('asks again until it is well, waiting by the clock of the machine', async () => {
    let asked = 0;
    const address = await serving((_, response) => {
      asked += 1;
      response.statusCode = asked < 3 ? 503 : 200;
      response.end('starting');
    });
    const { host, slept } = timed();
    expect(await ask({ address, retries: 5, every: '30s' }, host)).toMatchObject({ status: 200, tries: 3 });
    expect(slept).toEqual([30_000, 30_000]);
  });

  test('gives up when its tries are used up, and when the deadline has come', async () => {
    const address = await serving((_, response) => void response.writeHead(503).end());
    const few = timed();
    await expect(ask({ address, retries: 1, every: '1s' }, few.host)).rejects.toMatchObject({
      code: 'http.wrong-status',
      message: `${address}: it answered 503, and 200 to 299 is expected (2 tries)`,
    });
    const late = timed();
    await expect(
      ask({ address, retries: 100, every: '10s', deadline: '25s' }, late.host),
    ).rejects.toMatchObject({ code: 'http.wrong-status' });
    expect(late.slept).toEqual([10_000, 10_000]);
  });

  test('tells a port where nothing listens from a name that nobody knows', async () => {
    const refused = `http://127.0.0.1:${await unusedPort()}/`;
    await expect(ask({ address: refused })).rejects.toMatchObject({ code: 'http.refused' });
    await expect(ask({ address: 'http://nowhere.invalid/' })).rejects.toMatchObject({
      code: 'http.no-such-host',
    });
  });

  test('names where a redirect leads, and follows it only when told to', async () => {
    const address = await serving((request, response) => {
      if (request.url === '/ping') response.writeHead(302, { location: '/login' }).end();
      else response.end('sign in');
    });
    await expect(ask({ address })).rejects.toMatchObject({
      code: 'http.redirected',
      message: expect.stringMatching(/it answered 302, which redirects to http:\/\/127\.0\.0\.1:\d+\/login/),
    });
    expect(await ask({ address, status: [302] })).toMatchObject({ status: 302 });
    expect(await ask({ address, redirects: 1 })).toMatchObject({ status: 200, body: 'sign in' });
    const loop = await serving((_, response) => void response.writeHead(302, { location: '/ping' }).end());
    await expect(ask({ address: loop, redirects: 3 })).rejects.toMatchObject({
      code: 'http.too-many-redirects',
    });
  });

  test('tells an answer that does not come from a connection that is cut off', async () => {
    const silent = await serving(() => {});
    await expect(ask({ address: silent, timeout: '200ms' })).rejects.toMatchObject({
      code: 'http.timed-out',
    });
    const dying = await listening(createSocket((socket) => socket.once('data', () => socket.destroy())));
    await expect(ask({ address: `http://127.0.0.1:${dying}/` })).rejects.toMatchObject({
      code: 'http.cut-off',
    });
  });

  test('trusts no certificate that nobody vouches for, unless its authority is named', async () => {
    const port = await listening(createTls({ cert, key }, (_, response) => void response.end('ok')));
    const address = `https://localhost:${port}/`;
    await expect(ask({ address })).rejects.toMatchObject({ code: 'http.tls' });
    const ca = join(temporaryFolder(), 'ca.pem');
    writeFileSync(ca, cert);
    expect(await ask({ address, ca })).toMatchObject({ status: 200 });
    expect(await ask({ address, insecure: true })).toMatchObject({ status: 200 });
    const plain = await serving((_, response) => void response.end('ok'));
    await expect(ask({ address: plain.replace('http:', 'https:') })).rejects.toMatchObject({
      code: 'http.tls',
    });
  });

  test.each(['ftp://localhost/', 'http://me:secret@localhost/', 'localhost:8989', '/ping'])(
    'takes no address such as %s',
    (address) => {
      expect(httpInput.safeParse({ address }).success).toBe(false);
    },
  );
});

test('httpUp is unhealthy with the reason, and httpAnswers a finding with what was answered', async () => {
  const address = await serving((_, response) => void response.writeHead(500).end('database is locked'));
  const context = {
    host: thisMachine(),
    params: { address },
    signal: new AbortController().signal,
  } as never;
  expect(await httpUp({ address }).check(context)).toBe('it answered 500, and 200 to 299 is expected');
  expect(
    await httpUp<{ address: string }, unknown>(({ params }) => ({
      address: params.address,
      status: [500],
    })).check(context),
  ).toBe(true);
  expect(await httpAnswers({ address }).run(context)).toMatchObject({
    verdict: 'FAIL',
    evidence: { asked: address, kind: 'wrong-status', status: 500, body: 'database is locked', tries: 1 },
  });
});

test('nothing that curl can end with is taken for well but an answer with the expected status', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 0, max: 599 }),
      fc.string(),
      (exitCode, code, noise) => {
        const stderr = `${noise}\n${JSON.stringify({ http_code: code })}\n`;
        const { kind, said } = readAnswer({ stdout: 'x', stderr, exitCode }, {});
        expect(said).not.toBe('');
        if (kind !== 'answered') return;
        expect(code >= 200 && code <= 299 && [0, 63].includes(exitCode)).toBe(true);
      },
    ),
  );
  expect(readAnswer({ stdout: '', stderr: '', exitCode: null, signal: 'SIGKILL' }, {}).kind).toBe('failed');
});
