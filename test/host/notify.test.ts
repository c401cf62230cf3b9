import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { notifyByProgram, notifySystem } from '../../src/host/notify.ts';
import { exec } from '../../src/host/shell.ts';
import { temporaryFolder } from './folder.ts';

function script(folder: string, name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('the program of the operator', () => {
  it('gets the text as its argument, and the event as JSON on standard input', async () => {
    const folder = temporaryFolder();
    const program = script(folder, 'tell-me', `printf '%s' "$1" >'${folder}/text'; cat >'${folder}/json'`);
    expect(await notifyByProgram(exec, program, "it's\n--bad $(true)", '{"kind":"failed"}\n')).toEqual({
      by: program,
      exitCode: 0,
    });
    expect(readFileSync(join(folder, 'text'), 'utf8')).toBe("it's\n--bad $(true)");
    expect(readFileSync(join(folder, 'json'), 'utf8')).toBe('{"kind":"failed"}\n');
  });

  it('may leave standard input unread, also when much was written', async () => {
    const program = script(temporaryFolder(), 'tell-me', 'exit 0');
    expect(await notifyByProgram(exec, program, 'x', 'x'.repeat(1_000_000))).toMatchObject({ exitCode: 0 });
  });

  it('may fail, and says why', async () => {
    const program = script(temporaryFolder(), 'tell-me', 'echo no network >&2; exit 7');
    expect(await notifyByProgram(exec, program, 'x', '')).toEqual({
      by: program,
      exitCode: 7,
      error: 'no network',
    });
  });

  it('may be missing', async () => {
    expect(await notifyByProgram(exec, '/nowhere/tell-me', 'x', '')).toMatchObject({
      exitCode: null,
      error: expect.stringContaining('/nowhere/tell-me'),
    });
  });

  it('is ended when it takes too long', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const telling = notifyByProgram(exec, '/bin/sleep', '60', '');
    vi.advanceTimersByTime(10_000);
    vi.useRealTimers();
    expect(await telling).toEqual({
      by: '/bin/sleep',
      exitCode: null,
      error: 'it took longer than 10 s',
    });
  });

  it('gets no text that no program could be started with', async () => {
    const folder = temporaryFolder();
    const program = script(folder, 'tell-me', `printf '%s' "$1" | LC_ALL=C.UTF-8 wc -m >'${folder}/length'`);
    await notifyByProgram(exec, program, `\0${'ä'.repeat(500_000)}`, '');
    expect(Number(readFileSync(join(folder, 'length'), 'utf8'))).toBeLessThanOrEqual(4_000);
  });

  afterEach(() => vi.restoreAllMocks());
});

describe('the system', () => {
  const withPrograms = (names: readonly string[], exit = 0) => {
    const folder = temporaryFolder();
    for (const name of names)
      script(folder, name, `{ printf '%s\\n' "$@"; cat; } >'${folder}/${name}.told'; exit ${exit}`);
    return folder;
  };
  /** As if the machine had these programs alone. */
  const told = async (folder: string, root: boolean) => {
    const before = process.env['PATH'];
    process.env['PATH'] = `${folder}:/bin:/usr/bin`;
    try {
      return await notifySystem(exec, '--text', { root });
    } finally {
      process.env['PATH'] = before;
    }
  };

  it('is told by logger and, as root, by wall', async () => {
    const folder = withPrograms(['logger', 'wall']);
    expect(await told(folder, true)).toEqual({ by: 'logger', exitCode: 0 });
    expect(readFileSync(join(folder, 'logger.told'), 'utf8')).toBe(
      '--tag\nmigrate\n--priority\nuser.warning\n--\n--text\n',
    );
    expect(readFileSync(join(folder, 'wall.told'), 'utf8')).toContain('--text\n');
  });

  it('is told by logger alone by other users', async () => {
    const folder = withPrograms(['logger', 'wall']);
    expect(await told(folder, false)).toEqual({ by: 'logger', exitCode: 0 });
    expect(() => readFileSync(join(folder, 'wall.told'))).toThrow('ENOENT');
  });

  it('is told by logger alone of what only says that all goes well', async () => {
    const folder = withPrograms(['logger', 'wall']);
    const before = process.env['PATH'];
    process.env['PATH'] = `${folder}:/bin:/usr/bin`;
    await notifySystem(exec, 'text', { root: true, priority: 'low' }).finally(() => {
      process.env['PATH'] = before;
    });
    expect(readFileSync(join(folder, 'logger.told'), 'utf8')).toContain('user.info');
    expect(() => readFileSync(join(folder, 'wall.told'))).toThrow('ENOENT');
  });

  it('counts as told when one of both works', async () => {
    const folder = withPrograms(['logger'], 1);
    script(folder, 'wall', 'exit 0');
    expect(await told(folder, true)).toEqual({ by: 'wall', exitCode: 0 });
  });
});
