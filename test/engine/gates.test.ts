import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openGateByHand } from '../../src/engine/index.ts';
import type { ConfirmNode, ManualNode } from '../../src/runbook/index.ts';
import { blind, chain, makes, type Unchecked } from './samples.ts';
import { killed, Stage } from './stage.ts';

const serial = z.object({ serial: z.string().min(3), slots: z.coerce.number().optional() });

function byHand(stage: Stage, given?: Record<string, unknown>): Promise<void> {
  const [node] = stage.runbook.nodes;
  return stage.do((session) => openGateByHand(session, node as ConfirmNode | ManualNode, given));
}

describe('a confirmation', () => {
  const one = () =>
    new Stage(
      chain()
        .confirm('go', { ask: ({ params }: Unchecked) => `move ${params.what}?` })
        .step('a', makes('/a', { needs: ['go'] })),
      { what: '/home' },
    );

  it.each([
    ['yes', 'person'],
    ['flag', 'yes'],
  ] as const)('opens by the answer %s', async (answer, by) => {
    const stage = one();
    const asked: unknown[] = [];
    stage.answers.confirm = (...question) => (asked.push(question), answer);
    expect((await stage.run()).status).toBe('completed');
    expect(asked).toEqual([['go', 'move /home?', 'confirm']]);
    expect(stage.of('gate.opened')).toMatchObject([{ by }]);
  });

  it.each(['no', 'absent'] as const)(
    'waits with exit code 3 and the way on when the answer is %s',
    async (answer) => {
      const stage = one();
      stage.answers.confirm = () => answer;
      expect(await stage.run()).toMatchObject({
        status: 'waiting',
        exitCode: 3,
        step: 'go',
        message: '"go" waits for you: move /home?',
        hint: expect.stringContaining('migrate confirm sample-1 go, and migrate resume sample-1'),
      });
      expect(stage.acts).toEqual([]);
    },
  );

  it('is entered once, however often the run is resumed', async () => {
    const stage = one();
    await stage.run();
    await stage.run();
    await stage.run();
    expect(stage.of('gate.entered')).toHaveLength(1);
  });

  it('is opened by a command of its own while the run waits there, and at no other time', async () => {
    const stage = one();
    stage.diesAt = (point) => point === 'at-gate';
    expect(await stage.tryRun()).toBe(killed);
    await byHand(stage);
    expect(stage.of('gate.opened')).toMatchObject([{ by: 'person' }]);
    await expect(byHand(stage)).rejects.toMatchObject({ code: 'gate.not-waiting', exitCode: 2 });
    stage.diesAt = () => false;
    expect((await stage.run()).status).toBe('completed');
    const unbegun = new Stage(chain().confirm('go', { ask: 'x', needs: [] }));
    unbegun.appendFate = ({ type }) => (type === 'gate.entered' ? 'before' : undefined);
    expect(await unbegun.tryRun()).toBe(killed);
    unbegun.appendFate = () => undefined;
    await expect(byHand(unbegun)).rejects.toMatchObject({ code: 'gate.not-waiting' });
  });
});

describe('typed input', () => {
  const one = () =>
    new Stage(
      chain()
        .confirm('disk', { ask: 'which?', input: serial })
        .step(
          'a',
          blind('/a', {
            needs: ['disk'],
            commands: ({ outputs, sh }: Unchecked) => [sh`make ${outputs.disk.serial}`],
          }),
        ),
    );

  it("is parsed, becomes the gate's output, and reaches the steps that need it", async () => {
    const stage = one();
    stage.answers = { confirm: () => 'yes', input: () => ({ serial: 'WD-77', slots: '4' }) };
    expect((await stage.run()).status).toBe('completed');
    expect(stage.of('gate.opened')[0]?.input).toEqual({ serial: 'WD-77', slots: 4 });
    expect(stage.acts).toEqual(['make WD-77']);
  });

  it('is waited for when nobody can give it, and the hint shows how', async () => {
    const stage = one();
    stage.answers = { confirm: () => 'flag' };
    expect(await stage.run()).toMatchObject({
      status: 'waiting',
      hint: expect.stringContaining('migrate confirm sample-1 disk --set serial=… --set slots=…'),
    });
  });

  it.each([
    [{}, 'serial: '],
    [{ serial: 'x' }, 'serial: '],
    [{ serial: 'WD-77', sreial: 1 }, 'unknown key "sreial". Did you mean "serial"?'],
  ])('that is wrong is refused with the field named: %j', async (given, says) => {
    const stage = one();
    stage.answers = { confirm: () => 'yes', input: () => given };
    await expect(stage.run()).rejects.toMatchObject({
      code: 'gate.input',
      exitCode: 2,
      message: expect.stringContaining(says),
    });
    expect(stage.of('gate.opened')).toEqual([]);
    stage.answers = {};
    await stage.run();
    await expect(byHand(stage, given)).rejects.toMatchObject({ code: 'gate.input' });
    await byHand(stage, { serial: 'WD-77' });
    expect((await stage.run()).status).toBe('completed');
  });

  it('is refused by a gate that takes none', async () => {
    const stage = new Stage(chain().confirm('go', { ask: 'x' }));
    await stage.run();
    await expect(byHand(stage, { a: 1 })).rejects.toMatchObject({
      code: 'gate.input',
      hint: 'It takes no input.',
    });
  });

  it('that the journal could not give back opens nothing', async () => {
    const stage = new Stage(chain().confirm('go', { ask: 'x', input: z.object({ at: z.coerce.date() }) }));
    stage.answers = { confirm: () => 'yes', input: () => ({ at: '2026-01-01' }) };
    expect(await stage.run()).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('at is a Date'),
    });
    expect(stage.of('gate.opened')).toEqual([]);
  });
});

describe('work by hand', () => {
  const one = (more: object = {}) =>
    new Stage(chain().manual('plug', { instructions: 'plug it in', ...more }));

  it('is never opened by a flag', async () => {
    const stage = one();
    stage.answers.confirm = () => 'flag';
    expect(await stage.run()).toMatchObject({ status: 'waiting', exitCode: 3 });
    expect(stage.of('gate.opened')).toEqual([]);
  });

  it("is opened by a person's word", async () => {
    const stage = one();
    stage.answers.confirm = (_step, _question, kind) => (kind === 'manual' ? 'yes' : 'no');
    expect((await stage.run()).status).toBe('completed');
  });

  it('is opened by its probe without asking anybody, as soon as it finds the work done', async () => {
    let plugged = false;
    const stage = one({ probe: () => plugged });
    expect((await stage.run()).status).toBe('waiting');
    plugged = true;
    stage.answers.confirm = () => {
      throw new Error('nobody is to be asked');
    };
    expect((await stage.run()).status).toBe('completed');
    expect(stage.of('gate.opened')).toMatchObject([{ by: 'probe' }]);
  });

  it('tells what its probe misses', async () => {
    const waiting = await one({ probe: () => 'no disk in bay 2' }).run();
    expect(JSON.stringify(waiting)).toContain('(no disk in bay 2)');
  });

  it.each([
    ['fails', () => Promise.reject(new Error('no lsblk'))],
    ['answers something that is not yes', () => 'yes'],
  ])('is asked about when its probe %s', async (_, probe) => {
    const stage = one({ probe });
    expect((await stage.run()).status).toBe('waiting');
    stage.answers.confirm = () => 'yes';
    expect((await stage.run()).status).toBe('completed');
    expect(stage.of('gate.opened')).toMatchObject([{ by: 'person' }]);
  });
});

describe('a reboot', () => {
  const one = (more: object = {}) =>
    new Stage(
      chain()
        .reboot('restart', { instructions: 'run: reboot', ...more })
        .step('after', makes('/after', { needs: ['restart'] })),
    );

  it('waits with instructions until the machine has booted', async () => {
    const stage = one();
    expect(await stage.run()).toMatchObject({
      status: 'waiting',
      exitCode: 3,
      message: '"restart" waits for a reboot: run: reboot',
      hint: 'After it: migrate resume sample-1',
    });
    expect(await stage.run()).toMatchObject({ status: 'waiting' });
    stage.reboot();
    expect(await stage.run()).toMatchObject({ status: 'completed' });
    expect(stage.of('gate.entered')).toMatchObject([{ boot: { bootId: 'boot-1' } }]);
    expect(stage.of('gate.opened')).toMatchObject([{ by: 'boot', boot: { bootId: 'boot-2' } }]);
  });

  it.each([
    ['PID 1 began anew', { initStart: '999' }],
    ['the PID namespace is another', { pidNamespace: 'pid:[2]' }],
  ])('is proven also when only %s, as in WSL and containers', async (_, change) => {
    const stage = one();
    await stage.run();
    stage.boot = { ...stage.boot, ...change };
    expect(await stage.run()).toMatchObject({ status: 'completed' });
  });

  it('does not count when it happened before the gate was entered', async () => {
    const stage = new Stage(
      chain()
        .step('a', makes('/a'))
        .reboot('restart', { instructions: 'x', needs: ['a'] }),
    );
    stage.diesAt = (point) => point === 'after-checkpoint';
    expect(await stage.tryRun()).toBe(killed);
    stage.diesAt = () => false;
    stage.reboot();
    expect(await stage.run()).toMatchObject({ status: 'waiting' });
  });

  it('opens only when what must hold after it holds, and says what does not', async () => {
    let mounted = false;
    const verify = () => {
      if (!mounted) throw new Error('/nix is not on the SSD');
    };
    const stage = one({ verify });
    await stage.run();
    stage.reboot();
    expect(await stage.run()).toMatchObject({
      status: 'waiting',
      exitCode: 3,
      message: 'the machine has booted, but "restart" does not hold: /nix is not on the SSD',
      hint: expect.stringContaining('migrate rollback sample-1'),
    });
    mounted = true;
    expect((await stage.run()).status).toBe('completed');
  });

  it('survives a crash between the entry and the exit of the process', async () => {
    const stage = one();
    stage.appendFate = ({ type }) => (type === 'gate.entered' ? 'after' : undefined);
    expect(await stage.tryRun()).toBe(killed);
    stage.appendFate = () => undefined;
    stage.reboot();
    expect((await stage.run()).status).toBe('completed');
  });
});
