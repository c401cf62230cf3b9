import { abort, resumeAfterBoot, sampleSoaks } from '../../src/engine/index.ts';
import { record } from '../../src/engine/session.ts';
import type { EventBody } from '../../src/journal/event.ts';
import { validate } from '../../src/runbook/index.ts';
import type { Stage } from '../engine/stage.ts';
import { runbookOf } from './places.ts';

const minute = 60_000;
const world: { health?: boolean | string; there?: boolean } = {};
(globalThis as { goldenWorld?: object }).goldenWorld = world;

/** What is done with a run, by the engine on a machine in memory; its runbook lies beside its journal. */
export interface Story {
  readonly name: string;
  readonly tell: (stage: Stage) => Promise<void>;
}

const identity = (pid: number) => ({ pid, startTime: '1', bootId: 'boot-1' });

/** Events that no engine writes but what is around it: the state folder, what ends orphans. */
function around(stage: Stage, ...bodies: EventBody[]): Promise<void> {
  return stage.do(async (session) => {
    // oxlint-disable-next-line no-await-in-loop -- in their order
    for (const body of bodies) await record(session, body);
  });
}

/** A program that goes wrong the first time. */
function goesWrongOnce(stage: Stage, name: string): void {
  let calls = 0;
  stage.program(name, () => ({ exitCode: (calls += 1) === 1 ? 1 : 0, stderr: 'it went wrong' }));
}

async function interruptedAt(stage: Stage, command: string, go: () => Promise<unknown>): Promise<void> {
  stage.program(command, () => stage.interruption.abort('SIGINT'));
  await go();
  stage.interruption = new AbortController();
  stage.program(command, () => {});
}

export const stories: readonly Story[] = [
  {
    name: 'forward',
    async tell(stage) {
      goesWrongOnce(stage, 'sometimes');
      stage.answers = { confirm: () => 'yes', input: () => ({ serial: 'X1' }), accept: () => 'phrase' };
      await stage.run();
      stage.reboot();
      await stage.run();
      while (stage.state.status === 'running') {
        stage.clock.pass(20 * minute);
        await stage.run();
      }
    },
  },
  {
    name: 'checks',
    async tell(stage) {
      stage.program('look', ([what]) => `it looks ${what}\n`);
      await stage.run();
      await stage.run();
    },
  },
  {
    name: 'doubt',
    async tell(stage) {
      goesWrongOnce(stage, 'at-first');
      stage.diesAt = (point) => point === 'mid-act';
      await stage.tryRun();
      stage.diesAt = () => false;
      await stage.run();
      await around(stage, {
        type: 'orphan.ended',
        process: identity(99),
        argv: ['true', 'killed'],
        how: 'ended',
      });
      let calls = 0;
      stage.program('true', ([what]) => {
        if (what === 'interrupted' && (calls += 1) === 1) stage.interruption.abort('SIGINT');
      });
      await stage.run();
      stage.interruption = new AbortController();
      await stage.run();
    },
  },
  {
    name: 'edited',
    async tell(stage) {
      stage.answers = { notify: () => ({ by: 'tell-me', exitCode: 0 }) };
      await stage.run();
      const after = await runbookOf('edited-after');
      await stage.run({ runbook: after });
      for (let boots = 0; boots < 6; boots += 1) {
        stage.reboot();
        stage.unattended = 'boot';
        await stage.process(validate(after, 'edited-after.ts'), (session) =>
          resumeAfterBoot(session, session.runbook, {}),
        );
      }
      stage.unattended = undefined;
      await stage.do((session) => abort(session, 'it is done by hand now'));
    },
  },
  {
    name: 'soak',
    async tell(stage) {
      stage.answers = { notify: () => ({ by: 'tell-me', exitCode: 0 }) };
      await stage.run();
      world.health = 'sonarr is down';
      stage.clock.pass(20 * minute);
      stage.unattended = 'timer';
      await stage.do((session) => sampleSoaks(session, stage.runbook, {}));
      stage.unattended = undefined;
      stage.answers.soak = () => 'go-on';
      await stage.run();
      world.health = true;
      await stage.run();
      stage.clock.pass(15 * minute);
      await stage.run();
    },
  },
  {
    name: 'confirm-within',
    async tell(stage) {
      await stage.run();
      stage.confirmed = () => true;
      await stage.run();
    },
  },
  {
    name: 'back',
    async tell(stage) {
      goesWrongOnce(stage, 'stuck');
      await stage.run();
      stage.reboot();
      await stage.run();
      world.there = false;
      const options = { laterWrites: 'drop', acceptMissing: ['first'] } as const;
      await interruptedAt(stage, 'true', () => stage.rollBack(options));
      await stage.rollBack(options);
      stage.reboot();
      await stage.rollBack(options);
      await stage.rollBack(options);
    },
  },
  {
    name: 'moved',
    async tell(stage) {
      await stage.run();
      await around(
        stage,
        { type: 'journal.repaired', cutBytes: 17 },
        { type: 'run.moved', to: '/srv/migrate' },
        { type: 'run.opened', generation: 2, from: '/var/lib/migrate' },
      );
      await stage.run();
    },
  },
];
