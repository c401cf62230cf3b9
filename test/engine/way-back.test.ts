import { describe, expect, it } from 'vitest';
import type { LaterWrites } from '../../src/runbook/index.ts';
import { blind, chain, makes, type Unchecked } from './samples.ts';
import { killed, Stage } from './stage.ts';

const undo = ({ sh }: Unchecked) => [sh`remove /b`];
/** Three steps, of which the second needs something for its undo. */
const needing = (check: Unchecked, more: object = {}) =>
  chain()
    .step('a', makes('/a'))
    .step('b', makes('/b', { needs: ['a'], undo, undoNeeds: [{ name: 'the snapshot', check, ...more }] }))
    .step('c', makes('/c', { needs: ['b'] }));

describe('before the first undo a rollback', () => {
  it('asks for what every undo needs, and undoes nothing when something is missing', async () => {
    const stage = new Stage(needing(() => 'it was destroyed'));
    await stage.run();
    expect(await stage.rollBack()).toMatchObject({
      status: 'rollback-incomplete',
      exitCode: 5,
      step: 'b',
      message: expect.stringContaining('b: the snapshot: it was destroyed'),
      hint: expect.stringMatching(
        /migrate rollback sample-1 --to b\n.*migrate rollback sample-1 --accept-missing b/s,
      ),
    });
    expect(stage.acts).toEqual(['make /a', 'make /b', 'make /c']);
    expect(stage.of('rollback.started')).toEqual([]);
    expect(stage.state.status).toBe('completed');
    expect((await stage.rollBack({ to: 'b' })).status).toBe('rolled-back');
    expect(stage.acts.at(-1)).toBe('remove /c');
  });

  it('asks the machine, and not the state of the step: a later look may find it', async () => {
    let there = false;
    const stage = new Stage(needing(() => there || 'it is not mounted'));
    await stage.run();
    expect((await stage.rollBack()).exitCode).toBe(5);
    there = true;
    expect((await stage.rollBack()).status).toBe('rolled-back');
  });

  it('goes on without it when somebody names the step, which the journal keeps, also after a crash', async () => {
    const stage = new Stage(needing(() => 'it was destroyed'));
    await stage.run();
    stage.diesAt = (point, step) => point === 'before-undo-record' && step === 'c';
    expect(await stage.tryRollBack({ acceptMissing: ['b'] })).toBe(killed);
    stage.diesAt = () => false;
    expect(stage.of('undo.needs-waived')).toMatchObject([
      { step: 'b', missing: ['the snapshot: it was destroyed'] },
    ]);
    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(stage.acts.slice(3)).toEqual(['remove /c', 'remove /b', 'remove /a']);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('the pool is offline')), 'the pool is offline'],
    ['forgets to answer', () => undefined, 'it answered undefined'],
  ])('takes a question that %s for no', async (_, check, says) => {
    const stage = new Stage(needing(check));
    await stage.run();
    expect((await stage.rollBack()).message).toContain(says);
    expect(stage.acts).toHaveLength(3);
  });

  it('lets pass what it does without, and what only the reboot can tell', async () => {
    const without = new Stage(needing(() => 'gone', { advisory: true }));
    await without.run();
    expect((await without.rollBack()).status).toBe('rolled-back');
    const later = new Stage(needing(() => ({ later: 'it lies beneath a mount' })));
    await later.run();
    expect((await later.rollBack()).status).toBe('rolled-back');
  });

  it('asks again after the reboot, before what lies beneath is undone', async () => {
    const answers: unknown[] = [{ later: 'it lies beneath a mount' }, 'it is another tree', true];
    const stage = new Stage(
      chain()
        .step('copy', blind('/copy', { undoNeeds: [{ name: 'the old tree', check: () => answers.shift() }] }))
        .step('switch', blind('/switch', { needs: ['copy'], effective: 'at-boot' }))
        .reboot('restart', { needs: ['switch'], instructions: 'restart' }),
    );
    await stage.run();
    stage.reboot();
    await stage.run();
    expect((await stage.rollBack()).status).toBe('waiting');
    stage.reboot();
    expect(await stage.rollBack()).toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('copy: the old tree: it is another tree'),
    });
    expect(stage.acts.slice(2)).toEqual(['remove /switch']);
    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(stage.acts.slice(2)).toEqual(['remove /switch', 'remove /copy']);
  });

  it('does not ask again for what an undo under way may have consumed', async () => {
    let asked = 0;
    const stage = new Stage(needing(() => (asked += 1) === 1 || 'consumed'));
    await stage.run();
    stage.diesAt = (point, step) => point === 'before-undo-record' && step === 'b';
    expect(await stage.tryRollBack()).toBe(killed);
    stage.diesAt = () => false;
    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(asked).toBe(1);
  });

  it('follows several edits of one file back, each of which finds what the one after it left', async () => {
    const edit = (from: string | null, to: string, more: object = {}) => ({
      describe: 'edits',
      run: async ({ host }: Unchecked) => host.files.replace('/f', to),
      undo: () => [{ restore: '/f', content: from, expect: to }],
      ...more,
    });
    const stage = new Stage(
      chain()
        .step('one', edit(null, 'one'))
        .step('two', edit('one', 'two', { needs: ['one'] })),
    );
    await stage.run();
    // Killed between an undo and its record, it finds the later edit taken back already.
    stage.diesAt = (point, step) => point === 'mid-undo' && step === 'two';
    expect(await stage.tryRollBack()).toBe(killed);
    stage.diesAt = (point, step) => point === 'before-undo-record' && step === 'two';
    expect(await stage.tryRollBack()).toBe(killed);
    stage.diesAt = () => false;
    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(stage.files.all.size).toBe(0);
    const theirs = new Stage(chain().step('one', edit(null, 'one')));
    await theirs.run();
    theirs.files.all.set('/f', { content: 'theirs', mode: 0o644 });
    expect((await theirs.rollBack()).exitCode).toBe(5);
    expect(theirs.files.all.get('/f')?.content).toBe('theirs');
  });
});

describe('what was written to the new side', () => {
  const writes: LaterWrites = {
    ...{ where: '/new', since: '2026-01-01T00:00:00Z', added: 2, changed: 1, deleted: 0, bytes: 12 },
    ...{ first: ['a', 'b'], carryBack: 'it is copied', drop: 'it is put aside' },
  };
  /** A copy whose undo tells what it was given. */
  const copied = (find: () => LaterWrites | undefined, told: unknown[] = []) =>
    chain()
      .step('a', makes('/a'))
      .step('copy', {
        needs: ['a'],
        commands: ({ sh }: Unchecked) => [sh`make /copy`],
        undo: {
          describe: 'removes the copy',
          breakGlass: 'remove it',
          laterWrites: async () => find(),
          run: async ({ laterWrites, exec, sh }: Unchecked) => {
            told.push(laterWrites);
            await exec(sh`remove /copy`);
          },
        },
      })
      .step('c', makes('/c', { needs: ['copy'] }));

  it('must be decided about before anything is undone; it is named, with both commands', async () => {
    const stage = new Stage(copied(() => writes));
    await stage.run();
    expect(await stage.rollBack({ to: 'a' })).toMatchObject({
      status: 'waiting',
      exitCode: 3,
      step: 'copy',
      message: expect.stringContaining(
        'Written to /new since 2026-01-01T00:00:00Z: 2 new, 1 changed (12 bytes): a, b and 1 more',
      ),
      hint: expect.stringMatching(/--later-writes carry-back\n.*--later-writes drop/s),
    });
    expect(stage.acts).toHaveLength(3);
    expect(stage.state.status).toBe('completed');
  });

  it.each(['carry-back', 'drop'] as const)('is given to the undo as it was decided: %s', async (decision) => {
    const told: unknown[] = [];
    const stage = new Stage(copied(() => writes, told));
    await stage.run();
    expect((await stage.rollBack({ laterWrites: decision })).status).toBe('rolled-back');
    expect(told).toEqual([decision]);
    expect(stage.of('later-writes.decided')).toMatchObject([{ step: 'copy', decision, by: 'flag' }]);
  });

  it('is asked about at the terminal, and by parameters only where nobody says otherwise', async () => {
    const asked: string[] = [];
    const person = new Stage(copied(() => writes));
    person.answers.laterWrites = (step, question) => {
      asked.push(`${step}: ${question}`);
      return 'carry-back';
    };
    await person.run();
    await person.rollBack();
    expect(person.of('later-writes.decided')).toMatchObject([{ decision: 'carry-back', by: 'person' }]);
    expect(asked.join()).toMatch(/copy: Written to .*Carry back: it is copied.*Drop: it is put aside/s);
    const parameter = new Stage(copied(() => ({ ...writes, decided: 'drop' })));
    await parameter.run();
    await parameter.rollBack();
    expect(parameter.of('later-writes.decided')).toMatchObject([{ decision: 'drop', by: 'parameter' }]);
  });

  it('is decided once for a rollback that is killed and called again', async () => {
    const told: unknown[] = [];
    const stage = new Stage(copied(() => writes, told));
    await stage.run();
    stage.diesAt = (point, step) => point === 'before-undo-record' && step === 'copy';
    expect(await stage.tryRollBack({ laterWrites: 'carry-back' })).toBe(killed);
    stage.diesAt = () => false;
    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(told).toEqual(['carry-back', 'carry-back']);
  });

  it('is decided anew in another rollback', async () => {
    const stage = new Stage(copied(() => writes).confirm('end', { ask: 'x' }));
    await stage.run();
    await stage.rollBack({ to: 'a', laterWrites: 'drop' });
    await stage.run();
    expect((await stage.rollBack()).status).toBe('waiting');
  });

  it('that cannot be found out stops the rollback before it begins', async () => {
    const stage = new Stage(
      copied(() => {
        throw new Error('the disk is not mounted');
      }),
    );
    await stage.run();
    expect(await stage.rollBack()).toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('copy: what was written since: the disk is not mounted'),
    });
    expect(stage.acts).toHaveLength(3);
  });

  it('is of no concern where there is none', async () => {
    const stage = new Stage(copied(() => undefined));
    await stage.run();
    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(stage.of('later-writes.decided')).toEqual([]);
  });
});

describe('a run that goes back when a step fails', () => {
  const failing = (more: object = {}) =>
    chain()
      .step('a', makes('/a'))
      .step('b', {
        ...makes('/b', { needs: ['a'], onFailure: 'rollback' }),
        commands: ({ sh }: Unchecked) => [sh`false`],
        ...more,
      });

  it('does so also when its process died after the failure and before the rollback', async () => {
    const stage = new Stage(failing());
    stage.appendFate = ({ type }) => (type === 'rollback.started' ? 'before' : undefined);
    expect(await stage.tryRun()).toBe(killed);
    expect(stage.types().at(-1)).toBe('step.failed');
    stage.appendFate = () => undefined;
    stage.program('false', () => {});
    expect(await stage.run()).toMatchObject({ status: 'rolled-back', exitCode: 1, step: 'b' });
    expect(stage.acts).toEqual(['make /a', 'false', 'remove /a']);
  });

  it('does so by what was recorded, whatever the runbook says by now', async () => {
    const stage = new Stage(failing());
    stage.appendFate = ({ type }) => (type === 'rollback.started' ? 'before' : undefined);
    await stage.tryRun();
    stage.appendFate = () => undefined;
    const edited = failing({ onFailure: 'stop' });
    expect((await stage.run({ runbook: edited })).status).toBe('rolled-back');
  });

  it('goes forward when a person has settled the step meanwhile', async () => {
    const { settle } = await import('../../src/engine/index.ts');
    const stage = new Stage(failing());
    stage.appendFate = ({ type }) => (type === 'rollback.started' ? 'before' : undefined);
    await stage.tryRun();
    stage.appendFate = () => undefined;
    stage.program('false', () => {});
    await stage.do((session) => settle(session, 'b', 'not-started', 'mended by hand'));
    expect((await stage.run()).status).toBe('completed');
  });
});

it('past the point of no return a rollback names what done steps have saved, with its commands', async () => {
  const stage = new Stage(
    chain()
      .step('backup', {
        ...blind('/backup'),
        lastResort: ({ sh }: Unchecked) => ['it lies in /backup', sh`restore --from /backup`],
      })
      .step('gone', {
        needs: ['backup'],
        irreversible: 'the old copy is gone',
        commands: ({ sh }: Unchecked) => [sh`remove /old`],
      }),
  );
  stage.answers.accept = () => 'phrase';
  await stage.run();
  expect(await stage.rollBack()).toMatchObject({
    exitCode: 5,
    message: expect.stringContaining('cannot be undone: the old copy is gone'),
    hint: expect.stringContaining('backup: it lies in /backup\n  backup: restore --from /backup\n'),
  });
});
