import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runsOf } from '../../cli-processes/journal-facts.ts';
import { migrate, program as migrateProgram } from '../../cli-processes/migrate.ts';
import { newPlace, writeRunbook, type Place } from '../../cli-processes/place.ts';
import { newSeed, randomFrom } from '../../cli-processes/random.ts';
import { allRefused, hasStack, type Mistake } from '../../cli-processes/refusal.ts';
import { runWaits, waitsFile } from '../../cli-processes/waits.ts';

const timeout = 300_000;
const chain = `import { runbook, z } from 'migrate-runbook';\nexport default runbook('mine', { summary: 's' OPTIONS })`;
const step = `.step('one', { readonly: true, commands: ({ sh }) => [sh\`true\`] });\n`;

function mine(place: Place, text: string, options = ''): string {
  return writeRunbook(place, 'mine.ts', text.replace('OPTIONS', options));
}

describe('a mistake gets one message with the place, the cause and the mend, its exit code, and changes nothing:', () => {
  test('a parameter that is wrong, unknown or missing', { timeout }, async () => {
    const place = newPlace();
    const run = runWaits(place.world);
    const shown = `migrate show ${waitsFile} lists the parameters`;
    const file = (name: string, text: string) => {
      writeFileSync(join(place.folder, name), text);
      return ['run', waitsFile, '--params', name];
    };
    await allRefused(place, [
      {
        args: [...run, '--set', 'times=ten'],
        exit: 2,
        says: ['times: "ten" is not a whole number from 1 to 9', shown],
      },
      {
        args: [...run, '--set', 'times=12'],
        exit: 2,
        says: ['times = 12: allowed is a whole number from 1 to 9', shown],
      },
      {
        args: [...run, '--set', 'mode=fats'],
        exit: 2,
        says: ['mode = "fats": allowed is one of "fast", "careful"'],
      },
      {
        args: [...run, '--set', 'tmies=3'],
        exit: 2,
        says: ['tmies: there is no such key. Did you mean "times"?', shown],
      },
      { args: [...run, '--set', '__proto__.x=3'], exit: 2, says: ['__proto__: there is no such key'] },
      { args: [...run, '--set', 'times'], exit: 2, says: ['--set times: expected key=value'] },
      {
        args: ['run', waitsFile],
        exit: 2,
        says: ['world is missing: give text (the folder that it changes)', 'programs is missing', shown],
      },
      {
        args: [...run, '--set', 'world=relative'],
        exit: 2,
        says: ['"relative" is not an absolute path', 'give another value'],
      },
      {
        args: file('not.json', 'world: yaml'),
        exit: 2,
        says: ['--params not.json: this is not JSON', 'one JSON object'],
      },
      {
        args: file('list.json', '["world"]'),
        exit: 2,
        says: ['--params list.json: expected one JSON object'],
      },
      {
        args: file('keys.json', '{"wrold": "/srv"}'),
        exit: 2,
        says: ['wrold: there is no such key. Did you mean "world"?'],
      },
      {
        args: ['run', waitsFile, '--params', 'none.json'],
        exit: 2,
        says: ['--params none.json: cannot read it'],
      },
      { args: ['run', waitsFile, '--params', '.'], exit: 2, says: ['--params .: cannot read it'] },
    ]);
  });

  test('a step that there is not', { timeout }, async () => {
    const place = newPlace();
    writeFileSync(join(place.world, 'go'), '');
    await allRefused(place, [
      {
        args: [...runWaits(place.world), '--until', 'aftr'],
        exit: 2,
        says: ['--until aftr: waits has no such step. Did you mean "after"?', 'before, wait, after'],
      },
    ]);
    expect(await migrate(place, ...runWaits(place.world), '--until', 'wait')).toMatchObject({ exit: 0 });
    const [run = ''] = runsOf(place);
    await allRefused(
      place,
      [
        { args: ['resume', '--until', 'wiat'], exit: 2, says: ['--until wiat', 'Did you mean "wait"?'] },
        {
          args: ['resume', '--accept-irreversible', 'aftre'],
          exit: 2,
          says: ['--accept-irreversible aftre', 'Did you mean "after"?'],
        },
        {
          args: ['rollback', run, '--to', 'befor', '--yes'],
          exit: 2,
          says: ['--to befor', 'Did you mean "before"?'],
        },
        {
          args: ['rollback', run, '--to', 'after', '--yes'],
          exit: 2,
          says: ['--to after', 'migrate status'],
        },
        {
          args: ['settle', run, 'wiat', '--done', '--why', 'seen'],
          exit: 2,
          says: [`${run} has no step "wiat"`, 'Did you mean "wait"?'],
        },
        {
          args: ['settle', run, 'wait', '--done', '--why', 'seen'],
          exit: 2,
          says: ['step "wait" is not in doubt: it is done'],
        },
        { args: ['confirm', run, 'wiat'], exit: 2, says: [`${run} has no gate "wiat"`] },
        { args: ['confirm', run, 'wait'], exit: 2, says: ['"wait" is not yours to open: it is a step'] },
        { args: ['logs', run, 'wiat'], exit: 2, says: ['wiat', 'Did you mean "wait"?'] },
        {
          args: ['status', run.replace('waits', 'wiats')],
          exit: 2,
          says: ['there is no run', `Did you mean "${run}"?`],
        },
      ],
      1,
    );
  });

  test('a run that is not named where several are unfinished', { timeout }, async () => {
    const place = newPlace();
    for (const id of ['one', 'other']) {
      const text = `${chain.replace("'mine'", `'${id}'`).replace('OPTIONS', '')}.confirm('go', { ask: 'Go?' });`;
      const file = writeRunbook(place, `${id}.ts`, text);
      expect(await migrate(place, 'run', file)).toMatchObject({ exit: 3 });
    }
    const says = ['several runs are unfinished, so say which one', ...runsOf(place)];
    await allRefused(place, [{ args: ['resume'], exit: 2, says }]);
  });

  test('a runbook that is none', { timeout }, async () => {
    const place = newPlace();
    mkdirSync(join(place.folder, 'folder.ts'));
    const run = (name: string, text: string) => ['run', writeRunbook(place, name, text)];
    await allRefused(place, [
      {
        args: run('syntax.ts', 'const x = 1;\nexport default {{\n'),
        exit: 2,
        says: ['syntax.ts', 'line 2', 'Mend'],
      },
      {
        args: run('bare.ts', 'export const x = 1;\n'),
        exit: 2,
        says: ['bare.ts has no default export', 'export default runbook('],
      },
      {
        args: run('seven.ts', 'export default 7;\n'),
        exit: 2,
        says: ['seven.ts does not export a runbook', 'Its default export must be'],
      },
      {
        args: run('throws.ts', "throw new Error('on purpose');\n"),
        exit: 2,
        says: ['throws.ts', 'on purpose', 'line 1'],
      },
      { args: run('lost.ts', "import './no.ts';\nexport default 1;\n"), exit: 2, says: ['lost.ts', 'no.ts'] },
      {
        args: run('waits-for-ever.ts', 'await new Promise(() => {});\nexport default 1;\n'),
        exit: 2,
        says: ['waits-for-ever.ts cannot be loaded: it waits for something that never happens'],
      },
      {
        args: run('exits.ts', 'process.exit(0);\n'),
        exit: 2,
        says: ['exits.ts cannot be loaded: it ends the process while it is loaded', 'line 1'],
      },
      {
        args: run('floats.ts', "void Promise.reject(new Error('nobody waits'));\nexport default 1;\n"),
        exit: 2,
        says: ['floats.ts cannot be loaded: nobody waits', 'line 1'],
      },
      {
        args: run('trap.ts', 'export default new Proxy({}, { has() { throw { toString: null }; } });\n'),
        exit: 2,
        says: ['trap.ts cannot be loaded: something was thrown that does not say what it is'],
      },
      { args: ['run', 'folder.ts'], exit: 2, says: ['folder.ts is no file'] },
      { args: ['run', './none.ts'], exit: 2, says: [`there is no file ${join(place.folder, 'none.ts')}`] },
      {
        args: ['run', 'wsl-nix-stor'],
        exit: 2,
        says: ['there is no runbook "wsl-nix-stor". Did you mean "wsl-nix-store"?', 'migrate list'],
      },
      {
        args: run('needs.ts', `${chain.replace('OPTIONS', '')}${step.replace('{', "{ needs: ['zero'],")}`),
        exit: 2,
        says: ['needs.ts is not valid', 'needs "zero", and there is no such step'],
      },
      {
        args: run(
          'claims.ts',
          `${chain.replace('OPTIONS', ", claims: () => { throw new Error('on purpose') }")}${step}`,
        ),
        exit: 2,
        says: ['what the runbook claims cannot be told: on purpose', 'Mend'],
      },
    ]);
  });

  test('a program that is missing, when PATH is empty too', { timeout }, async () => {
    const place = newPlace();
    const file = mine(place, chain + step, ", tools: ['rsync', 'no-such-program']");
    await allRefused(place, [
      {
        args: ['run', file],
        exit: 2,
        says: ['needs a program that is not installed: no-such-program', 'Install it'],
      },
      {
        args: ['run', file],
        exit: 2,
        says: ['not installed: rsync, no-such-program', 'PATH'],
        options: { env: { PATH: '' } },
      },
    ]);
  });

  test('an option, a command or an argument that there is not', { timeout }, async () => {
    const place = newPlace();
    await allRefused(place, [
      {
        args: ['run', waitsFile, '--dryrun'],
        exit: 2,
        says: ["unknown option '--dryrun'", 'Did you mean --dry-run?'],
      },
      { args: ['rnu', waitsFile], exit: 2, says: ["unknown command 'rnu'", 'Did you mean run?'] },
      { args: ['run', waitsFile, 'more'], exit: 2, says: ['too many arguments'] },
      { args: ['run'], exit: 2, says: ["missing required argument 'runbook'"] },
      { args: ['run', waitsFile, '--jobs', '0'], exit: 2, says: ['expected a whole number from 1 to 64'] },
      {
        args: ['settle', 'a', 'b', '--done'],
        exit: 2,
        says: ["required option '--why <text>' not specified"],
      },
      { args: ['state', 'mvoe', '/srv'], exit: 2, says: ["unknown command 'mvoe'", 'Did you mean move?'] },
      { args: ['status', '--quiet', '--verbose'], exit: 2, says: ['cannot be used with'] },
      { args: ['resume'], exit: 2, says: ['no run is unfinished', 'migrate run'] },
      {
        args: ['config', 'set', 'jbos', '2'],
        exit: 2,
        says: ['there is no preference "jbos". Did you mean "jobs"?'],
      },
    ]);
  });

  test('a state folder that cannot be written, or would not survive', { timeout }, async () => {
    const place = newPlace();
    const file = join(place.folder, 'file');
    writeFileSync(file, '');
    mkdirSync(join(place.folder, 'others'), { mode: 0o777 });
    const at = (folder: string, ...says: string[]): Mistake => ({
      args: [...runWaits(place.world), '--state-dir', folder],
      exit: 6,
      says: [folder, '--state-dir', ...says],
    });
    await allRefused(place, [
      at(file, 'is not safe: it is no folder'),
      at(join(file, 'state'), 'cannot be used'),
      at('/dev/shm/state', 'a tmpfs that is empty after the next boot'),
      at('/proc/state', 'a proc that is empty after the next boot'),
      at(join(place.world, 'state'), 'which this run writes'),
    ]);
  });
});

test(
  'a damaged line in the middle of a journal is exit 6 for every command that needs the run, named, and left as it is',
  { timeout },
  async () => {
    const place = newPlace();
    writeFileSync(join(place.world, 'go'), '');
    expect(await migrate(place, ...runWaits(place.world), '--until', 'wait')).toMatchObject({ exit: 0 });
    const [run = ''] = runsOf(place);
    const journal = join(place.state, 'runs', run, 'journal.jsonl');
    const lines = readFileSync(journal, 'utf8').split('\n');
    lines[3] = (lines[3] ?? '').replace('"step":"before"', '"step":"befoer"');
    writeFileSync(journal, lines.join('\n'));
    const says = [
      `the journal ${journal} is damaged at line 4`,
      'its checksum is wrong',
      `sed -n 4p ${journal}`,
    ];
    const commands = [
      ['resume'],
      ['rollback', run, '--yes'],
      ['abort', run, '--yes'],
      ['settle', run, 'wait', '--undone', '--why', 'seen'],
      ['confirm', run, 'wait'],
      ['status', run],
      ['logs', run],
      ['state', 'move', join(place.folder, 'elsewhere')],
      runWaits(place.world),
    ];
    await allRefused(
      place,
      commands.map((args) => ({ args, exit: 6, says })),
      1,
    );
  },
);

test('no arguments, however odd, make migrate print a JavaScript stack', { timeout }, async () => {
  const place = newPlace();
  const random = randomFrom(newSeed('odd arguments'));
  const words = [
    ...[
      'run',
      'resume',
      'rollback',
      'confirm',
      'settle',
      'abort',
      'status',
      'logs',
      'state',
      'config',
      'plan',
      'show',
      'list',
    ],
    ...[
      'path',
      'get',
      'set',
      '--set',
      '--params',
      '--until',
      '--to',
      '--jobs',
      '--why',
      '--done',
      '--output',
      '--yes',
      '--json',
    ],
    ...[
      '',
      '-',
      '--',
      '.',
      '/',
      '\n',
      '=',
      'a=b',
      '🧨',
      'x'.repeat(5000),
      '../..',
      './none.ts',
      waitsFile,
      'null',
      '-1',
      '%s',
      '__proto__',
    ],
  ];
  const pick = () => words[Math.floor(random() * words.length)] ?? '';
  for (let calls = 0; calls < 2; calls += 1) {
    const args = Array.from({ length: 4 }, () => Array.from({ length: 1 + Math.floor(random() * 5) }, pick));
    const ended = await Promise.all(args.map((each) => migrate(place, ...each)));
    for (const [index, { exit, signal, stdout, stderr }] of ended.entries()) {
      const said = `${JSON.stringify(args[index])}: ${stdout}${stderr}`;
      expect(hasStack(stdout + stderr), said).toBe(false);
      expect([signal, [0, 2, 3, 6].includes(exit ?? -1)], said).toEqual([null, true]);
    }
  }
  expect(runsOf(place)).toEqual([]);
});

test('a folder that was removed while somebody stands in it makes no difference', { timeout }, async () => {
  const place = newPlace();
  writeFileSync(join(place.world, 'go'), '');
  const call = [process.execPath, migrateProgram, '--state-dir', place.state, ...runWaits(place.world)];
  const { stdout, status } = spawnSync(
    'sh',
    ['-c', 'mkdir gone && cd gone && rmdir ../gone && "$@"', 'sh', ...call],
    {
      cwd: place.folder,
      env: place.env,
      encoding: 'utf8',
    },
  );
  expect([status, stdout.includes('completed: every step is done')], stdout).toEqual([0, true]);
});
