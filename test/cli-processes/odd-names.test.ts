import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventsOf, ofType, runsOf } from './journal-facts.ts';
import { migrate, start } from './migrate.ts';
import { newPlace } from './place.ts';

const timeout = 120_000;

const oddNames = `import { runbook, sh, z } from 'migrate-runbook';
  export default runbook('odd-names', {
    summary: 'Makes a folder of each name', params: z.object({ world: z.string(), names: z.array(z.string()) }),
    claims: ({ params: { world, names } }) => names.map((name) => ({ kind: 'path', path: world + '/' + name, role: 'target' })),
  })
    .step('make', {
      idempotent: true,
      commands: ({ params: { world, names } }) => [
        sh\`mkdir -p -- \${names.map((name) => world + '/' + name)}\`,
        sh.with({ cwd: world })\`touch -- \${names.map((name) => name + '.file')}\`,
      ],
      undo: ({ params: { world, names } }) => [
        sh.with({ cwd: world })\`rm -f -- \${names.map((name) => name + '.file')}\`,
        sh\`rm -r -f -- \${names.map((name) => world + '/' + name)}\`,
      ],
    })
    .confirm('go', { needs: ['make'], ask: ({ params }) => 'Made ' + params.names.join(' ') + '?' });`;

test(
  'a name with spaces, newlines, quotes, leading dashes or terminal codes reaches commands as one argument, forward and back, and nothing that is shown raw',
  { timeout },
  async () => {
    const place = newPlace();
    const names = [
      'with space',
      '-rf',
      '--help',
      'two\nlines',
      'a\ttab',
      "it's",
      '"quoted"',
      '$HOME',
      '`id`',
      '*',
      ';',
      'a\\b',
      '\u001b[31mred',
      'ümläut',
      '🧨',
      'a=b',
      '~',
    ];
    const file = join(place.folder, 'odd names.ts');
    writeFileSync(file, oddNames);
    const args = ['run', file, '--set', `world=${place.world}`, '--set', `names=${JSON.stringify(names)}`];
    const run = await migrate(place, ...args, '--verbose');
    expect(run, run.stdout).toMatchObject({ exit: 3, stderr: '' });
    expect(readdirSync(place.world).toSorted()).toEqual(
      [...names, ...names.map((name) => `${name}.file`)].toSorted(),
    );
    const [id = ''] = runsOf(place);
    const [first] = ofType(await eventsOf(place, id), 'command.started');
    expect(first?.argv).toEqual(['mkdir', '-p', '--', ...names.map((name) => `${place.world}/${name}`)]);
    for (const words of [
      ['status'],
      ['logs', id],
      ['plan', file],
      ['show', file],
      ['rollback', id, '--dry-run'],
    ]) {
      for (const more of [[], ['--json']]) {
        const { exit, stdout } = await migrate(place, ...words, ...more);
        expect([exit, stdout.includes('\u001b'), stdout.includes('\t')], words.join(' ')).toEqual([
          0,
          false,
          false,
        ]);
      }
    }
    expect(run.stdout).not.toContain('\u001b');
    expect(await migrate(place, 'rollback', id, '--yes')).toMatchObject({ exit: 0 });
    expect(readdirSync(place.world)).toEqual([]);
  },
);

test(
  'a runbook given by a relative path, in a folder that cannot be written, reached by a link, is resumed from anywhere by its path or its name',
  { timeout },
  async () => {
    const place = newPlace();
    const folder = join(place.folder, 'read only');
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'mine.ts'),
      `import { readFileSync } from 'node:fs';
     import { runbook, z } from 'migrate-runbook';
     import { name } from './steps/name.ts';
     export default runbook('my-move', { summary: readFileSync(import.meta.dirname + '/steps/summary', 'utf8'), params: z.object({ world: z.string() }) })
       .confirm('go', { ask: 'Go?' })
       .step('here', {
         needs: ['go'], idempotent: true, describe: 'where it runs',
         run: async ({ params: { world }, exec, sh, host }) => {
           const { stdout } = await exec(sh\`pwd\`);
           await host.files.replace(world + '/' + name, stdout + process.cwd());
         },
         undo: () => [],
       });`,
    );
    mkdirSync(join(folder, 'steps'));
    writeFileSync(join(folder, 'steps/name.ts'), "export const name: string = 'pwd';\n");
    writeFileSync(join(folder, 'steps/summary'), 'Says where it runs');
    symlinkSync(folder, join(place.folder, 'link'));
    for (const name of ['mine.ts', 'steps/name.ts', 'steps/summary']) chmodSync(join(folder, name), 0o444);
    for (const name of ['steps', '.']) chmodSync(join(folder, name), 0o555);

    const run = await start(place, ['run', './mine.ts', '--set', `world=${place.world}`], {
      cwd: join(place.folder, 'link'),
    }).ended;
    expect(run, run.stdout).toMatchObject({ exit: 3, stderr: '' });
    const [id = ''] = runsOf(place);
    expect(await start(place, ['confirm', 'my-move', 'go'], { cwd: '/' }).ended).toMatchObject({ exit: 0 });
    expect(await start(place, ['plan', 'read only/mine.ts']).ended).toMatchObject({ exit: 0 });
    const resumed = await start(place, ['resume', '../read only/mine.ts'], { cwd: place.world }).ended;
    expect(resumed, resumed.stdout + resumed.stderr).toMatchObject({ exit: 0, stderr: '' });
    // One folder for commands and code, whoever stands wherever.
    expect(readFileSync(join(place.world, 'pwd'), 'utf8')).toBe('/\n/');
    expect(await start(place, ['status', id], { cwd: '/usr' }).ended).toMatchObject({ exit: 0 });
    expect(await start(place, ['rollback', id, '--yes'], { cwd: '/usr' }).ended).toMatchObject({ exit: 0 });
    for (const name of ['.', 'steps']) chmodSync(join(folder, name), 0o755);
  },
);
