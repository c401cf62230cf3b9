import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allPids } from '../../src/host/process.ts';
import { Machine, slow, smallRunbook } from './migrate-process.ts';

const slowly = (machine: Machine, ...more: string[]) =>
  machine.start(['run', smallRunbook, ...machine.slowly, ...more]);

/** A command is told of a moment before it begins. */
async function untilItRuns({ root }: Machine): Promise<void> {
  const isIt = (pid: number) => {
    try {
      const [program, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
      return program?.endsWith('/sh') === true && args.length === 4 && args[3] === join(root, 'go');
    } catch {
      return false;
    }
  };
  await expect.poll(() => allPids().some(isIt)).toBe(true);
}

describe('a run that is interrupted', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s ends its command, says how to go on, exits 130, and is resumed',
    async (signal) => {
      const machine = new Machine();
      const run = slowly(machine);
      await run.said(slow);
      run.child.kill(signal);
      const ended = await run.ended;
      expect(ended).toMatchObject({ code: 130, signal: null });
      expect(ended.out).toContain(`slow: interrupted by ${signal}`);
      expect(ended.out).toMatch(/^Go on with: migrate resume small-/m);
      const status = await machine.run('status');
      expect(status.out).toMatch(/slow .*interrupted/);
      expect((await machine.run('rollback', 'small', '--yes')).code).toBe(0);
      expect(existsSync(join(machine.folder, 'made'))).toBe(false);
    },
  );

  test('twice ends at once', async () => {
    const machine = new Machine();
    const run = slowly(machine);
    await run.said(slow);
    run.child.kill('SIGINT');
    await run.said('once more to stop at once');
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    // Whatever it was at: the journal is sound, and what was begun can be taken back.
    expect((await machine.run('rollback', 'small', '--yes')).code).toBe(0);
  });

  test('by SIGKILL in the middle of a step is resumed, and ends the command that was left behind', async () => {
    const machine = new Machine();
    const run = slowly(machine);
    await run.said(slow);
    await untilItRuns(machine);
    run.child.kill('SIGKILL');
    await run.ended;
    expect((await machine.run('status')).out).toMatch(/slow .*started/);
    const resuming = machine.start(['resume']);
    await resuming.said(slow);
    machine.letGo();
    const resumed = await resuming.ended;
    expect(resumed.code).toBe(3);
    expect(resumed.out).toMatch(/ended process \d+, left behind by an earlier attempt: \S*sh -c/);
    expect(resumed.out).toContain('slow: was in doubt');
  });
});

describe('a run whose reader goes away', () => {
  test('goes on and comes to its end', async () => {
    const machine = new Machine();
    const run = slowly(machine, '--verbose');
    await run.said('started');
    run.child.stdout?.destroy();
    machine.letGo();
    expect((await run.ended).code).toBe(3);
    expect((await machine.run('status')).out).toContain('key waits: Turn the key.');
  });
});
