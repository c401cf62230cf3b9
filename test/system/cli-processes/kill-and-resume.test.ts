import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import type { JournalEvent } from '../../../src/journal/event.ts';
import { beganBesideOrphans, readEffects } from '../../cli-processes/effects.ts';
import {
  doubtsSettledBy,
  eventsOf,
  ofType,
  runsOf,
  startedAfterCheckpoint,
} from '../../cli-processes/journal-facts.ts';
import { killOften } from '../../cli-processes/killed-often.ts';
import { migrate, type Ended } from '../../cli-processes/migrate.ts';
import { newPlace, tree, type Place } from '../../cli-processes/place.ts';
import { newSeed, randomFrom } from '../../cli-processes/random.ts';

const file = resolve(import.meta.dirname, '../../cli-processes/runbooks/twenty-steps.ts');

function twentySteps(seconds: number): { place: Place; args: readonly string[] } {
  const place = newPlace();
  mkdirSync(join(place.world, 'tree'));
  writeFileSync(join(place.world, 'tree/settings'), 'original\n');
  const params = [
    `world=${place.world}`,
    `programs=${resolve(import.meta.dirname, '../../cli-processes')}`,
    `seconds=${seconds}`,
  ];
  return { place, args: ['run', file, '--jobs', '3', ...params.flatMap((param) => ['--set', param])] };
}

/** The one run that has begun, once there is one: a start that was broken off leaves none. */
async function begunRun(place: Place): Promise<string | undefined> {
  const begun: string[] = [];
  for (const run of runsOf(place)) {
    const events = await eventsOf(place, run).catch(() => []);
    if (events.length > 0) begun.push(run);
  }
  expect(begun.length, `runs that have begun: ${begun.join(', ')}`).toBeLessThan(2);
  return begun[0];
}

/** Acts that began when the journal already said that their step was done. */
function ranAgain(place: Place, events: readonly JournalEvent[], run: string): readonly string[] {
  const done = new Map(ofType(events, 'step.completed').map(({ step, at }) => [step, Date.parse(at)]));
  const began = readEffects(place).filter(({ what }) => what === 'began');
  return began
    .filter(({ name, at }) => at > (done.get(stepOfAct(name, run)) ?? Infinity))
    .map(({ name }) => name);
}

function stepOfAct(name: string, run: string): string {
  if (name.startsWith('half-')) return 'two-commands';
  return name.replace(`from-measured-${run}`, 'from-output').replace(`measured-${run}`, 'measure');
}

/** The last call did the rest; or there was none, since the kill before came after the end. */
function mustHaveEnded(last: Ended, over: string): void {
  if (last.exit === 2) expect(last.stderr).toContain(over);
  else expect(last, last.stdout + last.stderr).toMatchObject({ exit: 0, stderr: '' });
}

const finished = (run: string) =>
  [
    ...['again', 'by-code', 'first', 'flaky', `from-measured-${run}`, 'half-one', 'half-two', 'join', 'last'],
    ...['left', 'locked-one', 'locked-two', `measured-${run}`, 'middle', 'right', 'settings'],
    ...['undone-by-code', 'verified'],
  ].toSorted();

test(
  'a run of 20 steps that is killed 50 times at random moments, and resumed each time, ends complete; no completed step ran twice, and its probe settled every step in doubt',
  {
    timeout: 900_000,
  },
  async () => {
    const random = randomFrom(newSeed('killed while it goes forward'));
    for (let kills = 0; kills < 50;) {
      const { place, args } = twentySteps(0.2);
      const next = async () => {
        const run = await begunRun(place);
        return run === undefined ? args : ['resume', run, '--jobs', '3'];
      };
      const { last, kills: more } = await killOften(place, next, random, 50 - kills);
      kills += more;

      const run = (await begunRun(place)) ?? '';
      const events = await eventsOf(place, run);
      expect(events.at(-1), last.stdout + last.stderr).toMatchObject({ type: 'run.completed' });
      mustHaveEnded(last, `${run} is completed`);
      expect(readdirSync(join(place.world, 'tree')).toSorted()).toEqual(finished(run));
      expect(tree(join(place.world, 'tree'))['settings']).toBe('original\nedited\n');

      const effects = readEffects(place);
      expect(effects.filter(({ what }) => what === 'twice')).toEqual([]);
      expect(ranAgain(place, events, run)).toEqual([]);
      expect(startedAfterCheckpoint(events)).toEqual([]);
      expect(beganBesideOrphans(effects)).toEqual([]);
      // A step without a probe may say that it does no harm twice, or that it only reads; nobody else is asked.
      const idempotent = ['again', 'look'];
      for (const { step, by } of doubtsSettledBy(events)) {
        expect(`${step}: ${by}`).toBe(`${step}: ${idempotent.includes(step) ? 'idempotent' : 'probe'}`);
      }
    }
  },
);

test(
  'a rollback that is killed at random moments, and called again each time, ends with the tree as it was at the start',
  {
    timeout: 900_000,
  },
  async () => {
    const random = randomFrom(newSeed('killed while it goes back'));
    for (let kills = 0; kills < 20;) {
      const { place, args } = twentySteps(0.1);
      const before = tree(join(place.world, 'tree'));
      expect(await migrate(place, ...args)).toMatchObject({ exit: 0 });
      const run = (await begunRun(place)) ?? '';
      const { last, kills: more } = await killOften(
        place,
        async () => ['rollback', run, '--yes'],
        random,
        20 - kills,
      );
      kills += more;

      const events = await eventsOf(place, run);
      expect(events.at(-1), last.stdout + last.stderr).toMatchObject({ type: 'rollback.completed' });
      mustHaveEnded(last, `${run} is rolled-back`);
      expect(tree(join(place.world, 'tree'))).toEqual(before);
      const undone = new Map(ofType(events, 'undo.completed').map(({ step, at }) => [step, Date.parse(at)]));
      const again = readEffects(place).filter(
        ({ what, name, at }) => what === 'began-undo' && at > (undone.get(stepOfAct(name, run)) ?? Infinity),
      );
      expect(again, 'undone after its undo was recorded').toEqual([]);
      expect(beganBesideOrphans(readEffects(place))).toEqual([]);
    }
  },
);
