import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { blind, chain, makes, type Unchecked } from './samples.ts';
import { killed, Stage } from './stage.ts';

describe('an attempt', () => {
  it('makes its intent durable before any effect, with captured value, commands and undo', async () => {
    const stage = new Stage(
      chain().step('copy', {
        capture: () => ({ name: 'a b' }),
        commands: ({ captured, sh }: Unchecked) => [sh`make ${captured.name}`],
        probe: () => 'not-started',
        undo: ({ captured, sh }: Unchecked) => [
          sh`remove ${captured.name}`,
          { restore: '/x', content: null },
        ],
      }),
    );
    let journaled: string[] = [];
    stage.program('make', () => {
      journaled = stage.types();
    });
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ status: 'completed', exitCode: 0 });
    expect(journaled).toEqual(['run.started', 'step.started', 'command.started']);
    expect(stage.of('step.started')[0]).toMatchObject({
      step: 'copy',
      attempt: 1,
      probe: 'not-started',
      captured: { name: 'a b' },
      commands: [{ argv: ['make', 'a b'] }],
      undo: { kind: 'data', actions: [{ argv: ['remove', 'a b'] }, { restore: '/x', content: null }] },
      boot: { bootId: 'boot-1' },
    });
    expect(stage.types()).toEqual([
      ...[
        'run.started',
        'step.started',
        'command.started',
        'command.ended',
        'step.completed',
        'run.completed',
      ],
    ]);
  });

  it('begins nothing when its intent cannot be made durable', async () => {
    const stage = new Stage(chain().step('a', makes('/a')).step('b', makes('/b')));
    stage.appendFate = ({ type }) => (type === 'step.started' ? 'fails' : undefined);
    await expect(stage.run()).rejects.toMatchObject({ code: 'journal.unwritable', exitCode: 6 });
    expect(stage.acts).toEqual([]);
    expect(stage.types()).toEqual(['run.started']);
  });

  it('ends everything at once when an append fails, without a retry and without another step', async () => {
    const stage = new Stage(
      chain()
        .step('a', makes('/a', { retry: { retries: 5, minDelayMs: 1 } }))
        .step('b', makes('/b')),
    );
    stage.appendFate = ({ type }) => (type === 'command.ended' ? 'fails' : undefined);
    await expect(stage.run()).rejects.toMatchObject({ code: 'journal.unwritable' });
    expect(stage.acts).toEqual(['make /a']);
  });

  it('is told as done only when its checkpoint is durable', async () => {
    const stage = new Stage(chain().step('a', makes('/a')));
    stage.appendFate = ({ type }) => (type === 'step.completed' ? 'fails' : undefined);
    await expect(stage.run()).rejects.toMatchObject({ code: 'journal.unwritable' });
    const told = stage.told.flatMap((event) => (event.type === 'journaled' ? [event.event.type] : []));
    expect(told).not.toContain('step.completed');
    expect(told).toContain('command.ended');
  });

  it('captures once, and keeps the first capture over every attempt until the step is undone', async () => {
    let captures = 0;
    const seen: unknown[] = [];
    const stage = new Stage(
      chain().step('edit', {
        capture: async ({ host }: Unchecked) => {
          captures += 1;
          return { original: await host.files.read('/file') };
        },
        idempotent: true,
        describe: 'edits',
        run: async ({ captured, host, attempt }: Unchecked) => {
          seen.push(captured.original);
          await host.files.replace('/file', 'edited');
          if (attempt < 3) throw new Error('no');
        },
        undo: ({ captured }: Unchecked) => [{ restore: '/file', content: captured.original }],
      }),
    );
    stage.files.all.set('/file', { content: 'first', mode: 0o600 });
    expect((await stage.run()).status).toBe('failed');
    expect((await stage.run()).status).toBe('failed');
    expect((await stage.run()).status).toBe('completed');
    expect([captures, seen]).toEqual([1, ['first', 'first', 'first']]);

    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(stage.files.all.get('/file')).toEqual({ content: 'first', mode: 0o600 });
  });

  it('captures anew after the step was undone', async () => {
    let content = 'one';
    const stage = new Stage(
      chain()
        .step('first', blind('/first'))
        .step('edit', { ...blind('/edit'), needs: ['first'], capture: () => ({ content }) }),
    );
    await stage.run();
    await stage.rollBack({ to: 'first' });
    content = 'two';
    await stage.run();
    expect(
      stage
        .of('step.started')
        .filter(({ step }) => step === 'edit')
        .map(({ captured }) => captured),
    ).toEqual([{ content: 'one' }, { content: 'two' }]);
  });

  it('runs the very commands that it recorded, though its function would give others when asked again', async () => {
    let asked = 0;
    const stage = new Stage(
      chain().step('a', { ...blind('/a'), commands: ({ sh }: Unchecked) => [sh`make /${(asked += 1)}`] }),
    );
    await stage.run();
    const recorded = stage.of('step.started')[0]?.commands?.map(({ argv }) => argv.join(' '));
    expect(stage.acts).toEqual(recorded);
  });

  it('never runs a completed step again', async () => {
    const stage = new Stage(
      chain()
        .step('a', makes('/a'))
        .step('b', { ...blind('/b'), needs: ['a'] }),
    );
    stage.program('make', ([path]) => (path === '/b' ? { exitCode: 1 } : undefined));
    await stage.run();
    await stage.run();
    await stage.run();
    expect(stage.acts.filter((act) => act === 'make /a')).toHaveLength(1);
  });

  it('gives a step its own copy of what others see too', async () => {
    const seen: unknown[] = [];
    const meddling = {
      readonly: true,
      output: z.object({ list: z.array(z.number()) }),
      describe: 'meddles',
      run: async ({ params, outputs }: Unchecked) => {
        seen.push(structuredClone(params), structuredClone(outputs));
        params.list.push(4);
        outputs.a?.list.push(5);
        return { list: [1] };
      },
    };
    const stage = new Stage(
      chain({ params: z.object({ list: z.array(z.number()) }) })
        .step('a', meddling)
        .step('b', { ...meddling, needs: ['a'] })
        .step('c', { ...meddling, needs: ['a', 'b'] }),
      { list: [3] },
    );
    await stage.run();
    const fresh = { list: [3] };
    expect(seen).toEqual([
      fresh,
      {},
      fresh,
      { a: { list: [1] } },
      fresh,
      { a: { list: [1] }, b: { list: [1] } },
    ]);
  });

  it('skips what is already done, and leaves it alone on the way back', async () => {
    const stage = new Stage(
      chain().step(
        'a',
        makes('/a', {
          output: z.object({ size: z.number() }),
          result: () => ({ size: 1 }),
          probe: () => ({ done: { size: 5 } }),
        }),
      ),
    );
    stage.files.all.set('/a', { content: '', mode: 0o644 });
    expect((await stage.run()).status).toBe('completed');
    expect(stage.of('step.skipped')).toMatchObject([{ why: 'already-done', output: { size: 5 } }]);
    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(stage.acts).toEqual([]);
    expect(stage.files.all.has('/a')).toBe(true);
  });

  it.each([
    ['partial', 'something of it is already there'],
    ['unknown', 'the probe cannot tell'],
    [{ unknown: 'the pool is offline' }, 'the pool is offline'],
    [undefined, 'its probe answered undefined'],
    [null, 'its probe answered null'],
    [true, 'its probe answered true'],
    ['finished', 'its probe answered finished'],
  ])('is not begun when the probe says %j beforehand', async (answer, why) => {
    const stage = new Stage(chain().step('a', makes('/a', { probe: () => answer })));
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ status: 'waiting', exitCode: 3 });
    expect(outcome.message).toContain(why);
    expect(stage.acts).toEqual([]);
    expect(stage.types()).toEqual(['run.started']);
  });

  it('is not begun when the probe fails beforehand', async () => {
    const stage = new Stage(
      chain().step('a', makes('/a', { probe: () => Promise.reject(new Error('no such pool')) })),
    );
    expect((await stage.run()).message).toContain('its probe failed: no such pool');
  });

  it.each<[string, object, string]>([
    ['commands that are none', { commands: () => ['ls -l'] }, 'step.commands'],
    ['a command without a program', { commands: () => [{ argv: [] }] }, 'step.commands'],
    ['a command with a number in it', { commands: () => [{ argv: ['sleep', 5] }] }, 'step.commands'],
    ['no commands at all', { commands: () => undefined }, 'step.commands'],
    ['an undo that is none', { undo: () => ['rm x'] }, 'step.undo'],
    ['a captured value that JSON would change', { capture: () => ({ at: new Date(0) }) }, 'step.output-json'],
    [
      'an undo by code whose description is no text',
      { undo: { describe: () => 5, run: () => {}, breakGlass: 'x' } },
      'journal.unstorable',
    ],
    ['a capture that throws', { capture: () => Promise.reject(new Error('gone')) }, 'step.threw'],
  ])('fails before anything is done for %s', async (_, more, code) => {
    const stage = new Stage(chain().step('a', blind('/a', more)));
    expect(await stage.run()).toMatchObject({ status: 'failed', exitCode: 1 });
    expect(stage.of('step.failed')).toMatchObject([{ error: { code } }]);
    expect(stage.acts).toEqual([]);
    expect(await stage.rollBack()).toMatchObject({ status: 'rolled-back' });
  });

  it('leaves nothing in doubt when it dies before its intent', async () => {
    const stage = new Stage(chain().step('a', blind('/a')));
    stage.diesAt = (point) => point === 'before-intent';
    expect(await stage.tryRun()).toBe(killed);
    stage.diesAt = () => false;
    expect((await stage.run()).status).toBe('completed');
  });
});
