import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** One page of a real browser, without a window, that a test drives over the browser's own protocol. */
export interface Browser {
  /** Opens a file at a size, as a phone, a desk or paper has it. */
  open(file: string, view: View): Promise<void>;
  /** The value of an expression in the page. */
  ask<T>(expression: string): Promise<T>;
  /** All of the page, as PNG. */
  picture(): Promise<Buffer>;
  /** As it is printed. */
  pdf(): Promise<Buffer>;
  /** Addresses that any page asked for. */
  readonly asked: readonly string[];
  end(): Promise<void>;
}

export interface View {
  readonly width: number;
  readonly height: number;
  readonly phone?: boolean;
  readonly dark?: boolean;
  readonly print?: boolean;
}

const options = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage'],
  // What reports crashes would live in a session of its own, and outlive the browser.
  ...['--hide-scrollbars', '--disable-breakpad', '--disable-crash-reporter'],
  '--remote-debugging-port=0',
];

type Answer = { readonly id?: number; readonly method?: string; readonly params?: Record<string, unknown> };

/** @throws when it does not start within a minute */
export async function startBrowser(): Promise<Browser> {
  const folder = mkdtempSync('/var/tmp/migrate-browser-');
  const child = spawn('chromium', [...options, `--user-data-dir=${folder}`, 'about:blank'], {
    stdio: 'ignore',
    // A group of its own, so that none of its processes outlives it.
    detached: true,
    env: { ...process.env, HOME: folder },
  });
  const gone = once(child, 'exit');
  const end = async () => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // It is gone.
    }
    await gone;
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  try {
    const socket = new WebSocket(await addressIn(join(folder, 'DevToolsActivePort'), () => child.exitCode));
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error('the browser takes no connection')), {
        once: true,
      });
    });
    return await pageOf(socket, end);
  } catch (error) {
    await end();
    throw error;
  }
}

async function addressIn(file: string, exitCode: () => number | null): Promise<string> {
  for (let tries = 0; tries < 1200; tries += 1) {
    const [port, path] = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    if (path !== undefined && path !== '') return `ws://127.0.0.1:${port}${path}`;
    if (exitCode() !== null) throw new Error(`the browser ended with ${exitCode()}`);
    // oxlint-disable-next-line no-await-in-loop -- until it says where it listens
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the browser does not say where it listens');
}

async function pageOf(socket: WebSocket, end: () => Promise<void>): Promise<Browser> {
  const asked: string[] = [];
  const waiting = new Map<number, (answer: Answer) => void>();
  let loaded: () => void = () => {};
  let last = 0;
  let session: string | undefined;
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer;
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
    if (answer.method === 'Page.loadEventFired') loaded();
    if (answer.method === 'Network.requestWillBeSent')
      asked.push((answer.params as { request: { url: string } }).request.url);
  });
  const call = async <T>(method: string, params: object = {}): Promise<T> => {
    const id = (last += 1);
    const answer = await new Promise<Answer & { error?: unknown; result?: unknown }>((resolve) => {
      waiting.set(id, resolve);
      socket.send(
        JSON.stringify({ id, method, params, ...(session === undefined ? {} : { sessionId: session }) }),
      );
    });
    if (answer.error !== undefined) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
    return answer.result as T;
  };
  const { targetId } = await call<{ targetId: string }>('Target.createTarget', { url: 'about:blank' });
  const attached = await call<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true });
  session = attached.sessionId;
  for (const part of ['Page', 'Network', 'Runtime'])
    // oxlint-disable-next-line no-await-in-loop -- one connection
    await call(`${part}.enable`);
  const bytes = async (method: string, params: object) =>
    Buffer.from((await call<{ data: string }>(method, params)).data, 'base64');
  return {
    asked,
    async open(file, { width, height, phone = false, dark = false, print = false }) {
      await call('Emulation.setDeviceMetricsOverride', {
        ...{ width, height, deviceScaleFactor: 1, mobile: phone },
      });
      await call('Emulation.setEmulatedMedia', {
        media: print ? 'print' : 'screen',
        features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }],
      });
      const done = new Promise<void>((resolve) => (loaded = resolve));
      await call('Page.navigate', { url: `file://${file}` });
      await done;
    },
    async ask<T>(expression: string) {
      const { result, exceptionDetails } = await call<{
        result: { value: T };
        exceptionDetails?: { exception?: { description?: string } };
      }>('Runtime.evaluate', { expression: `(() => (${expression}))()`, returnByValue: true });
      if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description);
      return result.value;
    },
    picture: () => bytes('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true }),
    pdf: () => bytes('Page.printToPDF', { printBackground: true, preferCSSPageSize: true }),
    async end() {
      session = undefined;
      await Promise.race([call('Browser.close'), new Promise((resolve) => setTimeout(resolve, 5_000))]);
      socket.close();
      await end();
    },
  };
}
