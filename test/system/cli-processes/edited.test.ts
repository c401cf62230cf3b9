/* oxlint-disable no-template-curly-in-string -- the text of runbooks is written here */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventsOf, ofType, runsOf } from '../../cli-processes/journal-facts.ts';
import { migrate, start } from '../../cli-processes/migrate.ts';
import { newPlace, tree, writeRunbook, type Place } from '../../cli-processes/place.ts';

const timeout = 300_000;

/** A step that is undone by code, and one behind a gate that is, too. */
const text = (undoes: string, operation = '') => `
  import { mkdirSync, rmdirSync } from 'node:fs';
  import { operation, runbook, z } from 'migrate-runbook';
  const made = (name) => ({
    describe: 'make ' + name,
    run: async ({ params: { world } }) => mkdirSync(world + '/' + name),
    undo: {
      describe: 'remove ' + name,
      run: async ({ params: { world }, host }) => { ${undoes} },
      breakGlass: 'rmdir ' + name,
    },
  });
  const { undo, ...body } = made('of-operation');
  const make = operation({
    operation: 'make', version: ${operation || 1}, input: z.object({}), reversal: 'undo',
    ...body,
    run: async ({ params: { world } }) => mkdirSync(world + '/of-operation'),
    undo: { ...undo, run: async ({ params: { world } }) => rmdirSync(world + '/of-operation') },
  });
  export default runbook('coded', { summary: 's', params: z.object({ world: z.string() }) })
    .step('one', made('one'))
    .step('of-operation', { use: make, with: () => ({}) })
    .confirm('go', { needs: ['one', 'of-operation'], ask: 'Go?' })
    .step('two', { needs: ['go'], ...made('two') })
    .confirm('end', { needs: ['two'], ask: 'End?' });`;

const works = 'rmdirSync(world + "/" + name);';
const fails = 'throw new Error("the undo of " + name + " is broken");';
const leaves = 'rmdirSync(world + "/" + name); mkdirSync(world + "/undone-otherwise-" + name);';

async function waitingRun(undoes: string): Promise<{ place: Place; run: string; file: string }> {
  const place = newPlace();
  const file = writeRunbook(place, 'coded.ts', text(undoes));
  const began = await migrate(place, 'run', file, '--set', `world=${place.world}`);
  expect(began.exit, began.stderr).toBe(3);
  return { place, run: runsOf(place)[0] ?? '', file };
}

const has = (place: Place) => Object.keys(tree(place.world)).toSorted();

describe('an undo that is code', () => {
  test(
    'that is broken is not mended by an edit, says so, and runs by mended code that is named, which the journal keeps',
    { timeout },
    async () => {
      const { place, run, file } = await waitingRun(fails);
      writeFileSync(file, text(works));
      const stopped = await migrate(place, 'rollback', run, '--yes');
      expect(stopped).toMatchObject({ exit: 5, stderr: '' });
      expect(stopped.stdout).toContain('the undo of one is broken');
      expect(stopped.stdout).toContain(`by mended code: migrate rollback ${run} --runbook FILE`);
      const back = await migrate(place, 'rollback', run, '--runbook', file);
      expect(back.exit, back.stdout + back.stderr).toBe(0);
      expect(has(place)).toEqual([]);
      const started = ofType(await eventsOf(place, run), 'rollback.started');
      expect(started.map(({ code }) => code?.file)).toEqual([undefined, file]);
      const kept = Object.entries(tree(join(place.state, 'runs', run))).filter(([path]) =>
        /^sources\.undo\.\w+\/coded\.ts$/.test(path),
      );
      expect(kept).toEqual([[kept[0]?.[0], readFileSync(file, 'utf8')]]);
      const other = writeRunbook(place, 'other.ts', text(works).replace("'coded'", "'other'"));
      expect(await migrate(place, 'rollback', run, '--runbook', other)).toMatchObject({ exit: 2 });
    },
  );

  test(
    'of a step that began after an edit of words alone runs by those words, and that of an earlier one does not',
    { timeout },
    async () => {
      const { place, run, file } = await waitingRun(works);
      writeFileSync(file, text(leaves));
      expect(await migrate(place, 'confirm', run, 'go')).toMatchObject({ exit: 0 });
      expect(await migrate(place, 'resume', run)).toMatchObject({ exit: 3 });
      writeFileSync(file, text(fails));
      expect(await migrate(place, 'resume', run)).toMatchObject({ exit: 3 });
      expect(ofType(await eventsOf(place, run), 'run.changed')).toHaveLength(2);
      const back = await migrate(place, 'rollback', run, '--yes');
      expect(back.exit, back.stdout + back.stderr).toBe(0);
      expect(has(place)).toEqual(['undone-otherwise-two']);
    },
  );

  test(
    'of an operation does not run by another version of it, since that cannot read what the first has captured, unless somebody names the runbook',
    { timeout },
    async () => {
      const { place, run, file } = await waitingRun(works);
      // As after an upgrade of the program, whose operations are no part of the sources that a run keeps.
      const kept = join(place.state, 'runs', run, 'sources/coded.ts');
      writeFileSync(kept, text(works, '2'));
      writeFileSync(file, text(works, '2'));
      const resumed = await migrate(place, 'resume', run);
      expect(resumed.exit).toBe(2);
      expect(resumed.stderr).toContain('! "of-operation" uses version 2 of make now, not 1');
      const stopped = await migrate(place, 'rollback', run, '--yes');
      expect(stopped.exit, stopped.stdout + stopped.stderr).toBe(5);
      expect(stopped.stdout).toContain('the step was done by version 1 of make, and here is make 2');
      expect(stopped.stdout).toContain('By hand:\nrmdir of-operation');
      expect(await migrate(place, 'rollback', run, '--runbook', file)).toMatchObject({ exit: 0 });
      expect(has(place)).toEqual([]);
    },
  );
});

test('a program that was upgraded in mid-run is told of once, and journaled', { timeout }, async () => {
  const place = newPlace();
  const bin = join(place.folder, 'bin');
  mkdirSync(bin);
  const install = (version: string) => {
    writeFileSync(join(bin, 'copier'), `#!/bin/sh\necho copier ${version}\n`);
    chmodSync(join(bin, 'copier'), 0o755);
  };
  install('3.2');
  const options = { env: { PATH: `${bin}:${process.env['PATH']}` } };
  const file = writeRunbook(
    place,
    'tools.ts',
    `import { runbook } from 'migrate-runbook';
     export default runbook('tools', { summary: 's', tools: ['copier'] }).confirm('go', { ask: 'Go?' });`,
  );
  expect(await start(place, ['run', file], options).ended).toMatchObject({ exit: 3 });
  const [run = ''] = runsOf(place);
  install('3.5');
  const told = 'copier is another than the run knew: now copier 3.5, before copier 3.2';
  expect((await start(place, ['resume'], options).ended).stdout).toContain(told);
  expect((await start(place, ['resume'], options).ended).stdout).not.toContain(told);
  expect((await migrate(place, 'resume')).stdout).toContain(
    'copier, which the runbook needs, is not installed any more',
  );
  const events = await eventsOf(place, run);
  expect(ofType(events, 'run.started')).toMatchObject([{ tools: { copier: 'copier 3.2' } }]);
  expect(ofType(events, 'run.resumed').map(({ tools }) => tools)).toEqual([
    { copier: 'copier 3.5' },
    undefined,
    undefined,
  ]);
});
