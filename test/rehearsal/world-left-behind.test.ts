import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { removeWorld, sweepWorlds } from '../../src/rehearsal/sweep.ts';

const session = join(import.meta.dirname, 'world-session.ts');

describe('a world whose holder is killed', () => {
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'worlds-'));
    chmodSync(parent, 0o777);
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  it('dies with it, and its folder is swept when the next world is built', async () => {
    const holder = spawn(process.execPath, [session, parent, '{}'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const folder = await firstLine(holder);
    expect(processesNaming(folder).length).toBeGreaterThan(1);
    holder.kill('SIGKILL');
    await vi.waitFor(() => expect(processesNaming(folder)).toEqual([]), { timeout: 120_000 });
    expect(await sweepWorlds(parent)).toEqual([folder]);
    expect(readdirSync(parent)).toEqual([]);
  });

  it('is not swept while its holder lives', async () => {
    const holder = spawn(process.execPath, [session, parent, '{}'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const folder = await firstLine(holder);
    expect(await sweepWorlds(parent)).toEqual([]);
    expect(existsSync(folder)).toBe(true);
    holder.kill('SIGKILL');
    await vi.waitFor(() => expect(processesNaming(folder)).toEqual([]), { timeout: 120_000 });
    await removeWorld(folder);
  });
});

function firstLine(child: ReturnType<typeof spawn>): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding('utf8').once('data', (text: string) => resolve(text.split('\n')[0] ?? ''));
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
  });
}

/** Processes whose arguments hold the text, besides this one. */
function processesNaming(text: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false;
      }
    });
}
