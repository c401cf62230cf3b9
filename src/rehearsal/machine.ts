import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, openSync, closeSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { rebootClock } from './clock.ts';
import type { WorldLayout } from './layout.ts';
import { fixture } from './package-root.ts';
import type { Reboot } from './protocol.ts';
import { WorldError } from './world-error.ts';
import { dropWslMounts, mountWslMounts } from './wsl-mounts.ts';

const bootLimitMs = 60_000;
const haltLimitMs = 30_000;
const pollMs = 10;

/**
 * The world's power switch. Each boot has a PID namespace and a mount namespace of its own: init
 * really is PID 1, and when it is killed the kernel ends every process and drops every mount of that boot.
 */
export class Machine {
  readonly #layout: WorldLayout;
  readonly #env: Readonly<Record<string, string>>;
  readonly #wsl: boolean;
  readonly #halt: readonly string[] | undefined;
  #ends = 0;
  #bootId = randomUUID();
  #running: { init: number; over: Promise<void> } | undefined;
  #down: WorldError | undefined;
  #settled: Promise<void> = Promise.resolve();

  /** @param options `halt` is run in the world before an orderly shutdown */
  constructor(
    layout: WorldLayout,
    options: { env: Readonly<Record<string, string>>; wsl: boolean; halt?: readonly string[] },
  ) {
    this.#halt = options.halt;
    this.#layout = layout;
    this.#env = options.env;
    this.#wsl = options.wsl;
  }

  get isUp(): boolean {
    return this.#running !== undefined;
  }

  /** How often it went down or was about to; tells whether it did in between. */
  get ends(): number {
    return this.#ends;
  }

  /**
   * PID 1 of the world, as the supervisor numbers it.
   * @throws WorldError when the world is down, with the reason.
   */
  get init(): number {
    if (this.#running === undefined) {
      throw this.#down ?? new WorldError('world.off', 'the world is switched off');
    }
    return this.#running.init;
  }

  /** @throws WorldError `world.no-boot` when the machine does not come up, with the last lines of its console. */
  async boot(): Promise<void> {
    const { root, shared, folder } = this.#layout;
    const booted = join(shared, 'booted');
    const initPid = join(shared, 'init-pid');
    for (const file of [booted, initPid]) rmSync(file, { force: true });
    const bootIdFile = join(folder, 'boot-id');
    writeFileSync(bootIdFile, `${this.#bootId}\n`, { mode: 0o444 });
    rebootClock(join(shared, 'clock'));

    const console = openSync(this.#layout.console, 'a');
    const consoleStart = statSync(this.#layout.console).size;
    const child = spawn(
      'unshare',
      [
        '--mount',
        '--pid',
        '--fork',
        '--kill-child=SIGKILL',
        // What is mounted in /mnt/wsl is shared beyond one boot of one distribution; see wsl-mounts.ts.
        '--propagation=unchanged',
        'sh',
        fixture('base', 'enter.sh'),
        root,
        bootIdFile,
        this.#env['PATH'] ?? '',
      ],
      {
        stdio: ['ignore', console, console],
        env: { ...this.#env, PATH: process.env['PATH'] },
        detached: true,
      },
    );
    closeSync(console);
    const state = { ended: false };
    const over = new Promise<void>((resolve) => {
      const end = () => {
        state.ended = true;
        this.#ends += 1;
        this.#running = undefined;
        resolve();
      };
      child.once('exit', end);
      child.once('error', end);
    });

    const deadline = performance.now() + bootLimitMs;
    while (!existsSync(booted) && !state.ended && performance.now() < deadline) {
      await setTimeout(pollMs);
    }
    if (existsSync(booted) && !state.ended) {
      this.#running = { init: Number(readFileSync(initPid, 'utf8')), over };
      this.#down = undefined;
      return;
    }
    child.kill('SIGKILL');
    await over;
    const said = readFileSync(this.#layout.console, 'utf8').slice(consoleStart).trimEnd();
    const why = state.ended ? said : `it was not up after ${bootLimitMs / 1000} s\n${said}`;
    this.#down = new WorldError(
      'world.no-boot',
      `this machine no longer boots: ${why.split('\n').slice(-10).join('\n') || 'init ended without a word'}`,
    );
    throw this.#down;
  }

  /** Ends everything in the world at once, as a power cut or `wsl --terminate` does; after an orderly halt, where it has one. */
  async powerOff(kind: Reboot): Promise<void> {
    if (kind !== 'power-cut') await this.#haltOrderly();
    const running = this.#running;
    if (running !== undefined) {
      this.#ends += 1;
      process.kill(running.init, 'SIGKILL');
      await running.over;
    }
    this.#running = undefined;
    this.#down = undefined;
    if (kind === 'terminate') return;
    this.#bootId = randomUUID();
    if (this.#wsl) {
      await dropWslMounts(this.#layout.root);
      await mountWslMounts(this.#layout.root);
    }
  }

  async #haltOrderly(): Promise<void> {
    if (this.#halt === undefined || this.#running === undefined) return;
    // Like a machine's, a shutdown goes on when something does not stop.
    const inside = [`--target=${this.#running.init}`, '--mount', '--pid', '--'];
    await execa('nsenter', [...inside, ...this.#halt], {
      env: this.#env,
      stdin: 'ignore',
      reject: false,
      timeout: haltLimitMs,
    });
  }

  async reboot(kind: Reboot): Promise<void> {
    const rebooted = this.powerOff(kind).then(() => this.boot());
    this.#settled = rebooted.catch(() => undefined);
    await rebooted;
  }

  /** Resolves when no reboot is under way, however the last one ended. */
  get settled(): Promise<void> {
    return this.#settled;
  }
}
