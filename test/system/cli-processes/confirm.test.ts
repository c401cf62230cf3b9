import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventsOf, ofType, runsOf } from '../../cli-processes/journal-facts.ts';
import { migrate, start } from '../../cli-processes/migrate.ts';
import { kill, newPlace } from '../../cli-processes/place.ts';
import { allRefused } from '../../cli-processes/refusal.ts';
import { hasScript, startOnTerminal } from '../../cli-processes/terminal.ts';
import { asks, cutsOffFile, madeIn, waitingForWord, within } from '../../cli-processes/waits-for-word.ts';
import { runWaits, untilItWaits } from '../../cli-processes/waits.ts';

const timeout = 300_000;

describe('a run that waits for a word', () => {
  test('takes the step back at Ctrl-C', { timeout }, async () => {
    const { place, call } = await waitingForWord();
    kill(call.pid, 'SIGINT');
    expect(await call.ended).toMatchObject({ exit: 130 });
    expect(madeIn(place)).toEqual(['before']);
  });

  test(
    'outlives the hang-up of its terminal, which comes twice, and heeds a word from a new one',
    { timeout },
    async () => {
      const { place, call, run } = await waitingForWord();
      kill(call.pid, 'SIGHUP');
      await call.until('SIGHUP');
      kill(call.pid, 'SIGHUP');
      expect(await migrate(place, 'confirm', run, 'net')).toMatchObject({ exit: 0 });
      expect(await call.ended).toMatchObject({ exit: 130 });
      expect(madeIn(place)).toEqual(['before', 'net']);
      expect(await migrate(place, 'resume', run)).toMatchObject({ exit: 0 });
    },
  );

  test.skipIf(!hasScript)('at a terminal is confirmed by an answer', { timeout }, async () => {
    const place = newPlace();
    const call = startOnTerminal(place, runWaits(place.world, cutsOffFile));
    await call.until('Can you still reach this machine?');
    call.type('\u001B[B\r');
    expect(await call.ended).toMatchObject({ exit: 0 });
    expect(madeIn(place)).toEqual(['after', 'before', 'net']);
  });
});

describe('a run whose process was killed', () => {
  test('while it waited is confirmed by the journal itself, once', { timeout }, async () => {
    const { place, call, run } = await waitingForWord();
    kill(call.pid);
    await call.ended;
    const confirmed = await migrate(place, 'confirm', run, 'net');
    expect(confirmed).toMatchObject({ exit: 0, stderr: '' });
    expect(confirmed.stdout).toContain(`Go on with: migrate resume ${run}`);
    expect(await migrate(place, 'confirm', run, 'net')).toMatchObject({ exit: 0 });
    expect(ofType(await eventsOf(place, run), 'step.confirmed')).toHaveLength(1);
    expect(await migrate(place, 'resume', run)).toMatchObject({ exit: 0 });
  });

  test.each(['in the middle of the act', 'while it waited'])(
    '%s, and whose deadline passed, is taken back by a resume, also when its runbook is broken by now',
    { timeout },
    async (when) => {
      const place = newPlace();
      const copy = join(place.folder, 'cuts-off.ts');
      writeFileSync(copy, readFileSync(cutsOffFile, 'utf8'));
      const middle = when === 'in the middle of the act';
      const env = { CONFIRM_WITHIN_S: '3', ...(middle ? { WAITS: '1' } : {}) };
      const call = start(place, runWaits(place.world, copy), { env });
      await (middle ? untilItWaits(place) : call.until(asks));
      kill(call.pid);
      await call.ended;
      writeFileSync(copy, 'export default {{');
      const [run = ''] = runsOf(place);
      await new Promise((done) => setTimeout(done, 3_100));
      await allRefused(
        place,
        [
          {
            args: ['confirm', run, 'net'],
            exit: 1,
            says: ['nobody confirmed "net" in time', `migrate resume ${run}`],
          },
        ],
        1,
      );
      const resumed = await migrate(place, 'resume', run);
      expect(resumed.exit, resumed.stdout + resumed.stderr).toBe(1);
      expect(resumed.stdout).toContain('"net" was taken back: nobody confirmed it within 3 s.');
      expect(madeIn(place).filter((name) => !name.startsWith('go'))).toEqual(['before']);
    },
  );
});

describe('a process that hangs past the deadline', () => {
  test('is named to a person, and ended by a unit, which takes the step back', { timeout }, async () => {
    const { place, call, run } = await waitingForWord(within(3));
    kill(call.pid, 'SIGSTOP');
    // Its deadline, and the least grace of five seconds.
    await new Promise((done) => setTimeout(done, 8_200));
    const says = [`process ${call.pid}`, 'that should take it back does not', `kill -KILL ${call.pid}`];
    await allRefused(
      place,
      [
        { args: ['resume', run], exit: 4, says },
        { args: ['confirm', run, 'net'], exit: 4, says },
      ],
      1,
    );
    const unit = await migrate(place, 'resume', run, '--unattended', 'timer');
    expect(unit.exit, unit.stdout + unit.stderr).toBe(1);
    expect(await call.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(madeIn(place)).toEqual(['before']);
    const events = await eventsOf(place, run);
    expect(ofType(events, 'orphan.ended')).toMatchObject([{ process: { pid: call.pid }, how: 'ended' }]);
    expect(ofType(events, 'step.expired')).toHaveLength(1);
  });

  test('is left alone while its deadline has not passed', { timeout }, async () => {
    const { place, call, run } = await waitingForWord();
    const unit = await migrate(place, 'resume', run, '--unattended', 'timer');
    expect(unit).toMatchObject({ exit: 0 });
    expect(await migrate(place, 'confirm', run, 'net')).toMatchObject({ exit: 0 });
    expect(await call.ended).toMatchObject({ exit: 0 });
  });
});
