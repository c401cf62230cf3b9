import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { fold } from '../../src/journal/fold.ts';
import { isOver } from '../../src/journal/state.ts';
import { eventsOf, runsOf } from './journal-facts.ts';
import { migrate, start } from './migrate.ts';
import { kill, newPlace, writeRunbook, type Place } from './place.ts';
import { newSeed, randomFrom } from './random.ts';
import { letGo, runWaits, untilThere, waitsFile } from './waits.ts';

/** The runs that could go on with the state folder of a place. */
async function usableRuns(place: Place): Promise<readonly string[]> {
  if (existsSync(join(place.state, '.migrate-copying'))) return [];
  const usable: string[] = [];
  for (const run of runsOf(place)) {
    if (!isOver(fold(await eventsOf(place, run)))) usable.push(run);
  }
  return usable;
}

test(
  'a move of the state that is killed at random moments never lets a run go on in both places, and ends moved when it is called again',
  { timeout: 120_000 },
  async () => {
    const random = randomFrom(newSeed('killed while it moves the state'));
    const place = newPlace();
    const text = readFileSync(waitsFile, 'utf8')
      .replace("runbook('waits'", "runbook('waits-too'")
      .replace('claims:', 'claims: () => [] as never[],\n  /* claims:')
      .replace("role: 'target' }],", "role: 'target' }], */");
    const files = [waitsFile, writeRunbook(place, 'waits-too.ts', text)];
    for (const file of files)
      expect(await migrate(place, ...runWaits(place.world, file), '--until', 'before')).toMatchObject({
        exit: 0,
      });
    const runs = runsOf(place);
    expect(runs).toHaveLength(2);
    let from = place;
    for (let moves = 0; moves < 5; moves += 1) {
      const to = { ...place, state: join(place.folder, `state-${moves}`) };
      for (let tries = 1, moved = false; !moved; tries += 1) {
        const call = start(from, ['state', 'move', to.state]);
        // Most of its time it only starts.
        if (existsSync(to.state)) await Promise.race([setTimeout(random() * 300 * tries), call.ended]);
        else {
          await Promise.race([untilThere(to.state, 1), call.ended]);
          await Promise.race([setTimeout(random() * 60), call.ended]);
        }
        kill(call.pid);
        const { exit, signal, stderr } = await call.ended;
        const [here, there] = [await usableRuns(from), await usableRuns(to)];
        expect(here.filter((run) => there.includes(run))).toEqual([]);
        expect(signal === 'SIGKILL' || exit === 0, stderr).toBe(true);
        moved = there.length > 0;
        if (moved) expect([here, there]).toEqual([[], runs]);
      }
      from = to;
    }
    letGo(place);
    for (const run of runs) expect(await migrate(from, 'rollback', run, '--yes')).toMatchObject({ exit: 0 });
  },
);
