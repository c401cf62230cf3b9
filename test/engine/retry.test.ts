import { describe, expect, it } from 'vitest';
import type { StepError } from '../../src/errors.ts';
import { blind, chain, type Unchecked } from './samples.ts';
import { killed, Stage } from './stage.ts';

const retry = { retries: 3, minDelayMs: 1 };

describe('retries', () => {
  it('are journaled, each with its error and delay, and lead to one checkpoint', async () => {
    const stage = new Stage(chain().step('a', blind('/a', { retry })));
    let tries = 0;
    stage.program('make', () => ({ exitCode: (tries += 1) < 3 ? 1 : 0, stderr: `try ${tries}` }));
    expect((await stage.run()).status).toBe('completed');
    expect(stage.of('step.tried')).toMatchObject([
      {
        attempt: 1,
        try: 1,
        error: { code: 'command.failed', message: expect.stringContaining('try 1') },
        nextInMs: 1,
      },
      { attempt: 1, try: 2, error: { message: expect.stringContaining('try 2') }, nextInMs: 2 },
    ]);
    expect(stage.of('step.completed')).toHaveLength(1);
  });

  it('number the commands of one attempt through, so that each start has its end', async () => {
    const stage = new Stage(chain().step('a', blind('/a', { retry })));
    let tries = 0;
    stage.program('make', () => ({ exitCode: (tries += 1) < 3 ? 1 : 0 }));
    await stage.run();
    expect(stage.of('command.started').map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(stage.of('command.ended').map(({ number }) => number)).toEqual([1, 2, 3]);
  });

  it('end with the last failure when they are used up', async () => {
    const stage = new Stage(chain().step('a', blind('/a', { retry: { retries: 2, minDelayMs: 1 } })));
    stage.program('make', () => ({ exitCode: 9 }));
    expect((await stage.run()).status).toBe('failed');
    expect(stage.of('step.tried')).toHaveLength(2);
    expect(stage.of('step.failed')).toHaveLength(1);
    expect(stage.acts).toHaveLength(3);
  });

  it('never follow an interruption', async () => {
    const stage = new Stage(chain().step('a', blind('/a', { retry })));
    stage.program('make', () => {
      stage.interruption.abort('SIGTERM');
      return { exitCode: null, signal: 'SIGTERM' };
    });
    expect(await stage.run()).toMatchObject({ status: 'interrupted', exitCode: 130 });
    expect(stage.of('step.tried')).toEqual([]);
    expect(stage.of('step.interrupted')).toMatchObject([{ by: 'SIGTERM' }]);
    expect(stage.acts).toHaveLength(1);
  });

  it('are not waited for once the run is interrupted', async () => {
    const stage = new Stage(chain().step('a', blind('/a', { retry: { retries: 3, minDelayMs: 60_000 } })));
    stage.program('make', () => {
      setTimeout(() => stage.interruption.abort('SIGINT'), 5);
      return { exitCode: 1 };
    });
    expect(await stage.run()).toMatchObject({ status: 'interrupted' });
    expect(stage.of('step.tried')).toHaveLength(1);
  });

  it('are not promised to a defect of the code, which no second try mends', async () => {
    const run = async () => {
      throw new TypeError('x is not a function');
    };
    const stage = new Stage(chain().step('a', { readonly: true, describe: 'x', run, retry }));
    expect((await stage.run()).message).toContain('x is not a function');
    expect(stage.of('step.tried')).toEqual([]);
  });

  it('begin anew in a process that goes on after a crash between two tries', async () => {
    const stage = new Stage(chain().step('a', blind('/a', { retry, idempotent: true })));
    stage.program('make', () => ({ exitCode: 1 }));
    stage.appendFate = ({ type }) => (type === 'step.tried' ? 'after' : undefined);
    expect(await stage.tryRun()).toBe(killed);
    stage.appendFate = () => undefined;
    stage.program('make', () => {});
    expect((await stage.run()).status).toBe('completed');
    expect(stage.of('step.completed')).toMatchObject([{ attempt: 2 }]);
  });
});

describe('a time limit', () => {
  const slow = (stage: Stage) =>
    stage.program(
      'make',
      (_, { signal }) =>
        new Promise((resolve) =>
          signal?.addEventListener('abort', () => resolve({ exitCode: null, signal: 'SIGTERM' })),
        ),
    );

  it('ends the running command and fails the step, with the limit', async () => {
    const stage = new Stage(chain().step('a', blind('/a', { timeout: '20ms' })));
    slow(stage);
    expect(await stage.run()).toMatchObject({
      status: 'failed',
      message: 'step "a" failed: step "a" took longer than its limit of 20ms',
    });
    expect(stage.of('command.ended')).toMatchObject([{ exitCode: null }]);
    expect(stage.of('step.failed')).toMatchObject([{ error: { code: 'step.timeout' } }]);
  });

  it('holds for each try', async () => {
    const stage = new Stage(
      chain().step('a', blind('/a', { timeout: 10, retry: { retries: 1, minDelayMs: 1 } })),
    );
    slow(stage);
    expect((await stage.run()).status).toBe('failed');
    expect(stage.acts).toHaveLength(2);
  });

  it('of more than a month does not end the step at once', async () => {
    const stage = new Stage(chain().step('a', blind('/a', { timeout: '60d' })));
    expect((await stage.run()).status).toBe('completed');
  });

  it('reaches code through its signal', async () => {
    const run = ({ signal }: Unchecked) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
    const stage = new Stage(chain().step('a', { readonly: true, describe: 'x', run, timeout: 10 }));
    expect((await stage.run()).message).toContain('took longer than its limit');
  });
});

describe('an interruption', () => {
  it('is recorded, says how to go on, and the step is settled when the run is resumed', async () => {
    const stage = new Stage(
      chain()
        .step('a', blind('/a', { idempotent: true }))
        .step('b', blind('/b')),
    );
    stage.program('make', () => stage.interruption.abort('SIGHUP'));
    expect(await stage.run()).toMatchObject({
      status: 'interrupted',
      exitCode: 130,
      message: 'interrupted by SIGHUP',
      hint: 'Go on with: migrate resume sample-1',
    });
    expect(stage.types().slice(-3)).toEqual(['command.ended', 'step.interrupted', 'run.interrupted']);
    stage.interruption = new AbortController();
    stage.program('make', () => {});
    expect((await stage.run()).status).toBe('completed');
    expect(stage.acts).toEqual(['make /a', 'make /a', 'make /b']);
  });

  it('begins no further command of the same step', async () => {
    const stage = new Stage(
      chain().step('a', blind('/a', { commands: ({ sh }: Unchecked) => [sh`make /1`, sh`make /2`] })),
    );
    stage.program('make', () => stage.interruption.abort('SIGINT'));
    await stage.run();
    expect(stage.acts).toEqual(['make /1']);
  });

  it('that comes before a step begins leaves no trace of it', async () => {
    const stage = new Stage(chain().step('a', blind('/a')));
    stage.interruption.abort('SIGINT');
    expect((await stage.run()).status).toBe('interrupted');
    expect(stage.types()).toEqual(['run.started', 'run.interrupted']);
  });
});

describe('a command', () => {
  it('that cannot be started fails the step, and leaves no start without an end', async () => {
    const stage = new Stage(
      chain().step('a', blind('/a', { commands: ({ sh }: Unchecked) => [sh`nonesuch`] })),
    );
    expect((await stage.run()).message).toContain('there is no program nonesuch');
    expect(stage.of('command.started')).toEqual([]);
    expect(stage.of('command.ended')).toEqual([]);
  });

  it('may accept other exit codes than 0, and code may judge for itself', async () => {
    const seen: unknown[] = [];
    const stage = new Stage(
      chain()
        .step('a', blind('/a', { commands: ({ sh }: Unchecked) => [sh.with({ ok: [0, 24] })`copy`] }))
        .step('b', {
          readonly: true,
          describe: 'x',
          run: async ({ exec, sh }: Unchecked) => {
            seen.push((await exec(sh`copy`, { anyExit: true })).exitCode);
            await exec({ argv: 'copy' }).catch((error: StepError) => seen.push(error.code));
          },
        }),
    );
    stage.program('copy', () => ({ exitCode: 24 }));
    expect((await stage.run()).status).toBe('completed');
    expect(seen).toEqual([24, 'step.commands']);
  });

  it('that fails says with what, and its last lines', async () => {
    const stage = new Stage(chain().step('a', blind('/a', { commands: ({ sh }: Unchecked) => [sh`false`] })));
    expect((await stage.run()).message).toBe('step "a" failed: false exited with 1:\nit went wrong');
  });
});
