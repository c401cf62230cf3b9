import { existsSync, readlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventsOf, ofType, runsOf } from '../../cli-processes/journal-facts.ts';
import { migrate, start } from '../../cli-processes/migrate.ts';
import { kill, newPlace, tree, writeRunbook, type Place } from '../../cli-processes/place.ts';
import { allRefused } from '../../cli-processes/refusal.ts';
import { enter, hasScript, startOnTerminal } from '../../cli-processes/terminal.ts';
import { runWaits, untilItWaits } from '../../cli-processes/waits.ts';

const timeout = 300_000;
const gatesFile = resolve(import.meta.dirname, '../../cli-processes/runbooks/gates.ts');
const down = '\u001b[B';

function runGates(place: Place, ...more: readonly string[]): readonly string[] {
  return ['run', gatesFile, '--set', `world=${place.world}`, ...more];
}

const there = (place: Place, name: string) => existsSync(join(place.world, name));

describe('without a terminal', () => {
  test(
    'a gate is exit 3 with what to do; confirm takes typed answers, refuses wrong ones, and resume goes on; --yes opens neither a manual gate nor what cannot be undone',
    { timeout },
    async () => {
      const place = newPlace();
      const asked = await migrate(place, ...runGates(place));
      const [run = ''] = runsOf(place);
      expect(asked).toMatchObject({ exit: 3, stderr: '' });
      expect(asked.stdout).toContain('waiting: "go" waits for you: Go on with the disk?');
      expect(asked.stdout).toContain(`Then: migrate confirm ${run} go, and migrate resume ${run}`);

      // Confirmed by a word, then by --yes: the manual gate stands.
      expect(await migrate(place, 'confirm', run, 'go')).toMatchObject({ exit: 0, stderr: '' });
      const manual = await migrate(place, 'resume', '--yes');
      expect(manual).toMatchObject({ exit: 3, stderr: '' });
      expect(manual.stdout).toContain(
        `Then: migrate confirm ${run} swap --set serial=… --set slot=…, and migrate resume ${run}`,
      );
      expect(ofType(await eventsOf(place, run), 'gate.opened')).toMatchObject([{ step: 'go', by: 'person' }]);

      const swap = (...set: string[]) => ['confirm', run, 'swap', ...set.flatMap((each) => ['--set', each])];
      const mend = 'Give each with --set: --set serial=… --set slot=…';
      await allRefused(
        place,
        [
          {
            args: swap(),
            exit: 2,
            says: ['serial is missing: give text', '(as on the label)', 'slot is missing', mend],
          },
          {
            args: swap('serial=ab', 'slot=9'),
            exit: 2,
            says: ['serial = "ab"', 'slot = 9: allowed is a whole number of at most 8', mend],
          },
          {
            args: swap('serail=abc'),
            exit: 2,
            says: ['serail: there is no such key. Did you mean "serial"?', mend],
          },
          {
            args: ['confirm', run, 'go'],
            exit: 2,
            says: ['the run does not wait at "go": it is done', 'migrate status'],
          },
          { args: ['confirm', run, 'go', '--set', 'x=1'], exit: 2, says: ['the gate go asks for nothing'] },
          {
            args: ['confirm', run, 'erase'],
            exit: 2,
            says: ['"erase" is not yours to open', 'Its gates for you: go, swap'],
          },
        ],
        1,
      );
      expect(await migrate(place, ...swap('serial=007', 'slot=3'))).toMatchObject({ exit: 0 });

      const stopped = await migrate(place, 'resume', '--yes');
      expect(stopped).toMatchObject({ exit: 3, stderr: '' });
      expect(stopped.stdout).toContain('step "erase" cannot be undone: the old disk is empty');
      expect(stopped.stdout).toContain(
        `When you are sure: migrate resume ${run} --accept-irreversible erase`,
      );
      expect(readlinkSync(join(place.world, 'label'))).toBe('007-3');
      expect(there(place, 'erased')).toBe(false);
      expect(await migrate(place, 'resume', '--accept-irreversible', 'erase')).toMatchObject({ exit: 0 });
      expect(there(place, 'erased')).toBe(true);

      const before = tree(place.world);
      const refused = await migrate(place, 'rollback', run, '--yes');
      expect(refused).toMatchObject({ exit: 5, stderr: '' });
      expect(refused.stdout).toContain(
        '"erase" is done and cannot be undone: the old disk is empty. Nothing was changed',
      );
      expect(refused.stdout).toContain('What is left: ');
      expect(refused.stdout).toContain(`migrate rollback ${run} --to erase`);
      expect(tree(place.world)).toEqual(before);
      expect(await migrate(place, 'rollback', run, '--to', 'erase', '--yes')).toMatchObject({ exit: 0 });
      expect([there(place, 'tidied'), there(place, 'erased')]).toEqual([false, true]);
    },
  );

  test('--yes opens a confirm gate, and a rollback waits for agreement without it', { timeout }, async () => {
    const place = newPlace();
    expect(await migrate(place, ...runGates(place, '--yes'))).toMatchObject({ exit: 3 });
    const [run = ''] = runsOf(place);
    expect(ofType(await eventsOf(place, run), 'gate.opened')).toMatchObject([{ step: 'go', by: 'yes' }]);
    const says = [
      'the rollback waits for your agreement',
      `migrate rollback ${run} --dry-run`,
      `migrate rollback ${run} --yes`,
    ];
    await allRefused(place, [{ args: ['rollback', run], exit: 3, says }]);
    expect(await migrate(place, 'rollback', run, '--yes')).toMatchObject({ exit: 0 });
    expect(tree(place.world)).toEqual({});
  });

  test(
    'abort changes nothing, lists what remains with its undo, and frees what the run held',
    { timeout },
    async () => {
      const place = newPlace();
      expect(await migrate(place, ...runGates(place))).toMatchObject({ exit: 3 });
      const [run = ''] = runsOf(place);
      const aborted = await migrate(place, 'abort', run, '--yes', '--why', 'by hand instead');
      expect(aborted).toMatchObject({ exit: 0, stderr: '' });
      expect(aborted.stdout).toBe(
        'aborted: this remains, and how each could be undone by hand:\n' +
          `  make (done): rm -r -f ${place.world}/made\n` +
          `run ${run}\n`,
      );
      expect(there(place, 'made')).toBe(true);
      expect((await eventsOf(place, run)).at(-1)).toMatchObject({
        type: 'run.aborted',
        why: 'by hand instead',
      });
      const over = [`${run} is aborted`, `migrate status ${run}`];
      await allRefused(
        place,
        [
          { args: ['resume', run], exit: 2, says: over },
          { args: ['rollback', run, '--yes'], exit: 2, says: over },
          { args: ['abort', run], exit: 2, says: over },
          { args: ['confirm', run, 'go'], exit: 2, says: over },
        ],
        1,
      );
      expect(await migrate(place, ...runGates(place))).toMatchObject({ exit: 3 });
    },
  );
});

test(
  'consent by flag counts only when it is given after the soak has opened, and with --yes not at all',
  { timeout },
  async () => {
    const place = newPlace();
    const file = writeRunbook(
      place,
      'soaks.ts',
      `import { existsSync } from 'node:fs';
       import { runbook, sh, z } from 'migrate-runbook';
       export default runbook('soaks', { summary: 's', params: z.object({ world: z.string() }) })
         .soak('settle', {
           min: '20ms', max: '1h',
           probes: [{ name: 'well', check: ({ params }) => existsSync(params.world + '/well') || 'it is not well' }],
         })
         .step('erase', {
           needs: ['settle'], irreversible: 'it is gone',
           commands: ({ params: p }) => [sh\`mkdir \${p.world}/erased\`],
         });`,
    );
    const unwell = await migrate(place, 'run', file, '--set', `world=${place.world}`, '--yes');
    expect(unwell).toMatchObject({ exit: 3, stderr: '' });
    expect(unwell.stdout).toContain('it is not well');
    writeFileSync(join(place.world, 'well'), '');
    const [run = ''] = runsOf(place);
    expect(await migrate(place, 'resume')).toMatchObject({ exit: 3 });
    // In this call the soak opens, so this consent was given before.
    const early = await migrate(place, 'resume', '--yes', '--accept-irreversible', 'erase');
    expect(early).toMatchObject({ exit: 3, stderr: '' });
    expect(ofType(await eventsOf(place, run), 'gate.opened')).toMatchObject([{ step: 'settle', by: 'time' }]);
    expect(there(place, 'erased')).toBe(false);
    expect(await migrate(place, 'resume', '--yes')).toMatchObject({ exit: 3 });
    expect(there(place, 'erased')).toBe(false);
    expect(await migrate(place, 'resume', '--accept-irreversible', 'erase')).toMatchObject({ exit: 0 });
    expect(there(place, 'erased')).toBe(true);
  },
);

describe('a step in doubt', () => {
  /** A run that was killed in the middle of a step that nothing can tell anything of. */
  async function inDoubt(): Promise<{ place: Place; run: string }> {
    const place = newPlace();
    const file = writeRunbook(
      place,
      'doubtful.ts',
      `import { runbook, z } from 'migrate-runbook';
       export default runbook('doubtful', { summary: 's', params: z.object({ world: z.string(), programs: z.string() }) })
         .step('odd', {
           output: z.object({ size: z.number() }),
           commands: ({ params: p, sh }) => [sh\`\${p.programs}/wait-for.sh \${p.world}/go\`],
           result: () => ({ size: 1 }),
           undo: ({ params: p, sh }) => [sh\`touch \${p.world}/undone\`],
         })
         .step('next', {
           needs: ['odd'],
           commands: ({ params: p, outputs, sh }) => [sh\`mkdir \${p.world}/size-\${outputs.odd.size}\`],
           undo: ({ params: p, outputs, sh }) => [sh\`rm -r -f \${p.world}/size-\${outputs.odd.size}\`],
         });`,
    );
    const call = start(place, runWaits(place.world, file));
    await untilItWaits(place);
    kill(call.pid);
    await call.ended;
    return { place, run: runsOf(place)[0] ?? '' };
  }

  test(
    'stops a resume with exit 3 and the ways to settle it, each with a reason that is kept',
    { timeout },
    async () => {
      const { place, run } = await inDoubt();
      const stopped = await migrate(place, 'resume');
      expect(stopped).toMatchObject({ exit: 3, stderr: '' });
      expect(stopped.stdout).toContain(`migrate settle ${run} odd --not-started --why '…'`);
      writeFileSync(join(place.folder, 'odd.json'), '{"size": "large"}');
      const settle = ['settle', run, 'odd'];
      await allRefused(
        place,
        [
          {
            args: [...settle, '--why', 'seen'],
            exit: 2,
            says: ['say exactly one of --done, --not-started and --undone'],
          },
          { args: [...settle, '--done', '--undone', '--why', 'seen'], exit: 2, says: ['say exactly one of'] },
          {
            args: [...settle, '--not-started', '--output', 'odd.json', '--why', 'seen'],
            exit: 2,
            says: ['--output goes with --done only'],
          },
          {
            args: [...settle, '--done', '--output', 'none.json', '--why', 'seen'],
            exit: 2,
            says: ['--output none.json'],
          },
        ],
        1,
      );
      const misfit = await migrate(place, ...settle, '--done', '--output', 'odd.json', '--why', 'seen');
      expect([misfit.exit, misfit.stdout]).toEqual([1, '']);
      expect(misfit.stderr).toContain('size');
      writeFileSync(join(place.folder, 'odd.json'), '{"size": 7}');
      expect(
        await migrate(place, ...settle, '--done', '--output', 'odd.json', '--why', 'I looked'),
      ).toMatchObject({ exit: 0 });
      expect(ofType(await eventsOf(place, run), 'step.completed')).toMatchObject([
        { step: 'odd', by: 'person', why: 'I looked', output: { size: 7 } },
      ]);
      expect(await migrate(place, 'resume')).toMatchObject({ exit: 0 });
      expect(there(place, 'size-7')).toBe(true);
    },
  );

  test('that is settled as not started runs again', { timeout }, async () => {
    const { place, run } = await inDoubt();
    expect(
      await migrate(place, 'settle', run, 'odd', '--not-started', '--why', 'nothing there'),
    ).toMatchObject({ exit: 0 });
    writeFileSync(join(place.world, 'go'), '');
    expect(await migrate(place, 'resume')).toMatchObject({ exit: 0 });
    expect(there(place, 'size-1')).toBe(true);
  });

  test('that is settled as undone is not undone again by a rollback', { timeout }, async () => {
    const { place, run } = await inDoubt();
    expect(await migrate(place, 'settle', run, 'odd', '--undone', '--why', 'by hand')).toMatchObject({
      exit: 0,
    });
    expect(await migrate(place, 'rollback', run, '--yes')).toMatchObject({ exit: 0 });
    expect(there(place, 'undone')).toBe(false);
  });
});

describe.skipIf(!hasScript)('at a terminal', () => {
  test(
    'somebody is asked at each gate, and only the whole phrase consents to what cannot be undone',
    { timeout },
    async () => {
      const place = newPlace();
      const call = startOnTerminal(place, runGates(place));
      await call.until('Go on with the disk?');
      call.type('y');
      await call.until('It is done');
      call.type(down + enter);
      await call.until('as on the label');
      call.type(`WD-1234${enter}`);
      await call.until('whole number');
      call.type(`x${enter}`);
      await call.until('expected a whole number');
      call.type(`\u007f3${enter}`);
      await call.until('Type "erase for good"');
      call.type(`yes${enter}`);
      expect(await call.ended).toMatchObject({ exit: 3 });
      expect(readlinkSync(join(place.world, 'label'))).toBe('WD-1234-3');
      expect(there(place, 'erased')).toBe(false);

      const again = startOnTerminal(place, ['resume']);
      await again.until('Type "erase for good"');
      again.type(`erase for good${enter}`);
      expect(await again.ended).toMatchObject({ exit: 0 });
      const [run = ''] = runsOf(place);
      const events = await eventsOf(place, run);
      expect(ofType(events, 'irreversible.accepted')).toMatchObject([{ step: 'erase', by: 'phrase' }]);
      expect(ofType(events, 'gate.opened').map(({ by }) => by)).toEqual(['person', 'person']);
    },
  );

  test('Ctrl-C and no at a question stop the run, which can be resumed', { timeout }, async () => {
    const place = newPlace();
    const call = startOnTerminal(place, runGates(place));
    await call.until('Go on with the disk?');
    call.type('\u0003');
    const { exit, stdout } = await call.ended;
    const [run = ''] = runsOf(place);
    expect(exit, stdout).toBe(130);
    expect(stdout).toContain(`Go on with: migrate resume ${run}`);
    const again = startOnTerminal(place, ['resume']);
    await again.until('Go on with the disk?');
    again.type('n');
    expect(await again.ended).toMatchObject({ exit: 3 });
    expect(ofType(await eventsOf(place, run), 'gate.opened')).toEqual([]);
  });
});
