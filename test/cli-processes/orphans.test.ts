import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { eventsOf, ofType, runsOf } from './journal-facts.ts';
import { migrate, start } from './migrate.ts';
import { kill, newPlace, processesIn } from './place.ts';
import { untilThere } from './waits.ts';

const file = resolve(import.meta.dirname, 'runbooks/hides.ts');

test(
  'children of a killed process that gave up the mark of their run are ended and journaled before anything begins',
  { timeout: 120_000 },
  async () => {
    const place = newPlace();
    const set = [`world=${place.world}`, `programs=${import.meta.dirname}`];
    const call = start(place, ['run', file, ...set.flatMap((one) => ['--set', one])]);
    await untilThere(join(place.world, 'began'));
    kill(call.pid);
    await call.ended;
    expect(processesIn(place.folder).length).toBeGreaterThanOrEqual(4);
    const resumed = await migrate(place, 'resume');
    expect(resumed, resumed.stderr).toMatchObject({ exit: 0 });
    expect(processesIn(place.folder)).toEqual([]);
    const [run = ''] = runsOf(place);
    const events = await eventsOf(place, run);
    const orphans = ofType(events, 'orphan.ended');
    const [command] = ofType(events, 'command.started');
    expect(orphans.filter(({ process }) => process.pid === command?.process?.pid)).toMatchObject([
      { argv: command?.argv, how: 'ended' },
    ]);
    // Of what a command started, only the program is told: the rest may be secret.
    expect(orphans.filter(({ argv: [program] }) => program === 'sleep').map(({ argv }) => argv)).toEqual([
      ['sleep'],
      ['sleep'],
      ['sleep'],
    ]);
    const later = events.filter(({ seq }) => seq > (orphans[0]?.seq ?? 0));
    expect(later.findIndex(({ type }) => type === 'step.started')).toBeGreaterThan(
      later.findLastIndex(({ type }) => type === 'orphan.ended'),
    );
  },
);
