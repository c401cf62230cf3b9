/* oxlint-disable no-template-curly-in-string -- the text of a runbook is edited here */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { eventsOf, ofType, runsOf } from './journal-facts.ts';
import { migrate } from './migrate.ts';
import { newPlace, stateOf, tree, type Place } from './place.ts';

const timeout = 120_000;
const originals = resolve(import.meta.dirname, 'runbooks/edited');
const original = readFileSync(join(originals, 'edited.ts'), 'utf8');

/** A run that waits at its gate, two steps done, whose runbook is a copy to be edited. */
async function waitingRun(): Promise<{ place: Place; run: string; file: string }> {
  const place = newPlace();
  const folder = join(place.folder, 'runbooks');
  cpSync(originals, folder, { recursive: true });
  const file = join(folder, 'edited.ts');
  expect(await migrate(place, 'run', file, '--set', `world=${place.world}`)).toMatchObject({ exit: 3 });
  return { place, run: runsOf(place)[0] ?? '', file };
}

/** The text with a part of it replaced, which must be there. */
function edit(from: string, to: string, text = original): string {
  expect(text).toContain(from);
  return text.replaceAll(from, to);
}

const zero = "  .step('zero', { readonly: true, commands: () => [sh`true`] })\n";
const beforeTwo = "  .step('two', { needs: ['one']";

test(
  'an edit that touches what is done is refused with what changed and exit 2, and nothing changes; put back, the run goes on',
  { timeout },
  async () => {
    const { place, run, file } = await waitingRun();
    const before = stateOf(place);
    const refusals: readonly (readonly [text: string, ...says: string[]])[] = [
      [
        edit('mkdir ${world}/one', 'mkdir -p ${world}/one'),
        '! "one" has other commands now, and it is already done or begun',
      ],
      [
        edit("'two'", "'zwei'"),
        '! "two" is called "zwei" now',
        'so it would run again',
        '! "go" needs "zwei" instead of "two"',
      ],
      [
        edit('n: z.number()', 'n: z.string()'),
        '! "one" gave an output that its schema does not take any more (n: Invalid input: expected string, received number)',
        '! "one" gives its output by another schema now',
      ],
      [edit("needs: ['one'], ...make", '...make'), '! "two" needs nothing instead of "one"'],
      [
        edit(".confirm('go', { needs: ['two'], ask:", ".manual('go', { needs: ['two'], instructions:"),
        '! "go" is a manual now, not a confirm',
      ],
      [
        edit(beforeTwo, `${zero}${beforeTwo.replace("['one'", "['one', 'zero'")}`),
        '! "zero" was added, before something that is already done',
        '! "two" needs "one", "zero" instead of "one"',
      ],
      [
        edit(
          "  .step('two', { needs: ['one'], ...make('two') })\n",
          '',
          edit("needs: ['two'], ask", "needs: ['one'], ask"),
        ),
        '! "two" was removed, and it is already done or begun',
      ],
      [
        edit('world: z.string()', 'world: z.string(), more: z.string()'),
        'asks for what the run did not pin: more',
      ],
      [
        edit("runbook('edited'", "runbook('renamed'"),
        `${run} is a run of edited, and this file holds renamed`,
      ],
      [edit('export default', 'export default {{'), 'cannot be loaded', 'line 5'],
      [
        edit("needs: ['three']", "needs: ['tree']"),
        'needs "tree", and there is no such step. Did you mean "three"?',
      ],
    ];
    for (const [text, ...says] of refusals) {
      writeFileSync(file, text);
      const refused = await migrate(place, 'resume', '--yes');
      expect(refused.exit, refused.stdout + refused.stderr).toBe(2);
      expect(refused.stderr.match(/^error: /gm)).toHaveLength(1);
      for (const part of says) expect(refused.stderr).toContain(part);
      expect(stateOf(place)).toEqual(before);
    }
    writeFileSync(file, original);
    expect(await migrate(place, 'resume', '--yes')).toMatchObject({ exit: 0 });
    expect(Object.keys(tree(place.world)).toSorted()).toEqual(['four', 'one', 'three-1', 'two']);
  },
);

test('an edit of what is still to come, or of words alone, is told and taken', { timeout }, async () => {
  const { place, run, file } = await waitingRun();
  const edits: readonly (readonly [text: string, says: string, changes: readonly string[]])[] = [
    [
      edit("ask: 'Go?'", "ask: 'Really?'"),
      `edited since the run began: ${file}`,
      [`the text of ${file}, and nothing of its meaning`],
    ],
    [
      edit('mkdir ${world}/four', 'mkdir -p ${world}/four'),
      '"four" has other commands now, and it has not begun',
      ['"four" has other commands now, and it has not begun'],
    ],
    [
      edit(
        "  .step('four'",
        "  .step('five', { needs: ['three'], readonly: true, commands: () => [sh`true`] })\n  .step('four'",
      ),
      '"five" was added, among the steps to come',
      ['five'],
    ],
    [original, '"five" was removed before it began', ['five']],
    [
      edit(beforeTwo, zero + beforeTwo),
      '"zero" was added, among the steps to come',
      ['"zero" was added, among the steps to come'],
    ],
  ];
  for (const [text, says, changes] of edits) {
    writeFileSync(file, text);
    const waiting = await migrate(place, 'resume');
    expect(waiting, waiting.stdout + waiting.stderr).toMatchObject({ exit: 3, stderr: '' });
    expect(waiting.stdout).toContain(says);
    const last = ofType(await eventsOf(place, run), 'run.changed').at(-1);
    for (const change of changes) expect(last?.changes.join()).toContain(change);
  }
  expect(await migrate(place, 'resume', '--yes')).toMatchObject({ exit: 0 });
});

test(
  '--accept-changes goes on with an edit that touches what is done, and a later rollback still undoes what was done before it',
  { timeout },
  async () => {
    const { place, run, file } = await waitingRun();
    writeFileSync(
      file,
      edit('rmdir ${world}/one', 'false', edit("'two'", "'zwei'", edit("...make('two')", "...make('zwei')"))),
    );
    expect(await migrate(place, 'resume', '--yes')).toMatchObject({ exit: 2 });
    const accepted = await migrate(place, 'resume', '--yes', '--accept-changes');
    expect(accepted).toMatchObject({ exit: 0, stderr: '' });
    expect(Object.keys(tree(place.world)).toSorted()).toEqual(['four', 'one', 'three-1', 'two', 'zwei']);
    const back = await migrate(place, 'rollback', run, '--yes');
    // The undo that was recorded removes `one`; what the edit says now would fail.
    expect(Object.keys(tree(place.world)), back.stdout + back.stderr).toEqual([]);
    expect(back).toMatchObject({ exit: 0, stderr: '' });
  },
);

test(
  'a run whose runbook was deleted with all its files is rolled back: undos that are data by the journal, undos that are code by the copy that it kept',
  { timeout },
  async () => {
    const { place, run, file } = await waitingRun();
    rmSync(join(file, '..'), { recursive: true });
    const dry = await migrate(place, 'rollback', run, '--dry-run');
    expect(dry).toMatchObject({ exit: 0, stderr: '' });
    expect(dry.stdout).toContain(`rmdir ${place.world}/one`);
    const back = await migrate(place, 'rollback', run, '--yes');
    expect(back, back.stdout).toMatchObject({ exit: 0, stderr: '' });
    expect(tree(place.world)).toEqual({});
  },
);

test('a run whose runbook was deleted goes on with the copy that it kept', { timeout }, async () => {
  const { place, file } = await waitingRun();
  rmSync(join(file, '..'), { recursive: true });
  const resumed = await migrate(place, 'resume', '--yes');
  expect(resumed).toMatchObject({ exit: 0, stderr: '' });
  expect(resumed.stdout).toContain(`${file} is gone, so the run's own copy is used`);
});

test(
  'without the runbook and without its copy, what is data is undone, and what is code stops the rollback with what to do by hand',
  { timeout },
  async () => {
    const { place, run, file } = await waitingRun();
    rmSync(join(file, '..'), { recursive: true });
    for (const name of readdirSync(join(place.state, 'runs', run))) {
      if (name.startsWith('sources')) rmSync(join(place.state, 'runs', run, name), { recursive: true });
    }
    const stopped = await migrate(place, 'rollback', run, '--yes');
    expect(stopped).toMatchObject({ exit: 5, stderr: '' });
    expect(stopped.stdout).toContain(
      'the runbook cannot be loaded: undos that are code must be done by hand',
    );
    expect(stopped.stdout).toContain('so nothing is undone');
    expect(stopped.stdout).toContain('By hand:\nrmdir two');
    rmSync(join(place.world, 'two'), { recursive: true });
    expect(await migrate(place, 'settle', run, 'two', '--undone', '--why', 'by hand')).toMatchObject({
      exit: 0,
    });
    expect(await migrate(place, 'rollback', run, '--yes')).toMatchObject({ exit: 0 });
    expect(tree(place.world)).toEqual({});
  },
);
