import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { acquireLock } from '../../../src/host/lock.ts';
import type { RecordedUndo } from '../../../src/journal/event.ts';
import { data, elsewhere, runFolder, shells, step, thisBoot } from './run-script.ts';

// Whatever an argument vector may hold: no NUL, and whole characters only.
const argument = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
  fc.constantFrom(
    '-n',
    '--',
    "it's",
    '$(x)',
    '`x`',
    '\\',
    'a\nb',
    '*',
    '~',
    'a=b',
    '!',
    '',
    'END_OF_TEXT',
    'a\n# whole\n',
    'é\u0081',
  ),
);
const content = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom('one', 'END_OF_TEXT', '# whole', "it's", '$x', '\\', '', '\t'))
    .map((lines) => `${lines.join('\n')}\n`),
);
const path = argument.map((text) => `/tmp/${text}`);
const command = fc.record(
  {
    argv: fc
      .tuple(fc.constantFrom('rm', 'umount', 'systemctl', 'a=b', 'if'), argument, argument)
      .map(([...all]) => all as string[]),
    cwd: path,
    env: fc.dictionary(
      fc.constantFrom('A', 'B_C', 'not-a-name'),
      fc.oneof(argument, fc.constant({ secret: 'file' as const, name: '/s' })),
    ),
    ok: fc.array(fc.nat(255), { minLength: 1, maxLength: 3 }),
    input: content,
  },
  { requiredKeys: ['argv'] },
);
const restore = fc.record(
  {
    restore: path,
    content: fc.option(content),
    mode: fc.nat(0o7777),
    mtime: fc.constant('1.5'),
    expect: content,
  },
  { requiredKeys: ['restore', 'content'] },
);
const anyUndo: fc.Arbitrary<RecordedUndo> = fc.oneof(
  fc.record({
    kind: fc.constant('data' as const),
    actions: fc.array(fc.oneof(command, restore), { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('code' as const),
    describe: argument,
    breakGlass: fc.oneof(argument, fc.array(command, { maxLength: 2 })),
  }),
  fc.record({ kind: fc.constant('irreversible' as const), why: argument }),
);

/** Some of everything, in one script: a shell takes longer to start than to read it. */
const many = (seed: number) =>
  fc
    .sample(fc.tuple(anyUndo, argument), { numRuns: 150, seed })
    .map(([undo, title], index) => step(`s${index}`, undo, { title }));

describe('a script of any recorded undos', () => {
  it.each([1, 2, 3])('is understood by every shell (seed %i)', (seed) => {
    const { folder } = runFolder(many(seed), { summary: 'a\nb', host: 'x\u001b[2J' });
    for (const [program, ...args] of shells) {
      const { status, stderr } = spawnSync(program, [...args, '-n', join(folder, 'undo.sh')], {
        encoding: 'utf8',
      });
      expect({ program, status, stderr }).toEqual({ program, status: 0, stderr: '' });
    }
    // No title, host or sentence reaches the terminal with something that it would obey.
    expect(readFileSync(join(folder, 'undo.sh'), 'utf8').split("'")[0]).not.toContain('\u001b');
  });

  const linter = ['/usr/bin/shellcheck', '/usr/local/bin/shellcheck'].find(existsSync);
  if (linter === undefined) console.log('skipped: there is no shellcheck');
  it.skipIf(linter === undefined)('is clean to ShellCheck', () => {
    const { folder } = runFolder([
      step('m', { kind: 'code', describe: 'x', breakGlass: 'Look.' }),
      step(
        'u',
        data({
          argv: ['umount', '--', '/x'],
          cwd: '/y',
          env: { A: 'b', P: { secret: 'env', name: 'Q' } },
          input: 'é',
        }),
      ),
      step(
        'f',
        data(
          { restore: '/f', content: 'one\n', mode: 0o644, mtime: '1.5', expect: 'two' },
          { restore: '/g', content: 'é' },
        ),
        { effective: 'at-boot' },
      ),
      step('i', { kind: 'irreversible', why: 'gone' }),
    ]);
    const { stdout } = spawnSync(linter ?? '', ['--shell=sh', join(folder, 'undo.sh')], { encoding: 'utf8' });
    expect(stdout).toBe('');
  });
});

describe.each(shells)('in %s', (...shell) => {
  it('puts back the exact bytes of any file, its mode and its time, and does so again', () => {
    const contents = fc.sample(content, { numRuns: 12, seed: 7 });
    const run = runFolder([]);
    const file = (index: number) => join(run.folder, `file ${index} it's`);
    run.rewrite(
      contents.map((text, index) => {
        const expects = index % 2 === 0 ? { expect: 'edited' } : {};
        return step(
          `f${index}`,
          data({ restore: file(index), content: text, mode: 0o640, mtime: '1000.250000000', ...expects }),
        );
      }),
    );
    for (const index of contents.keys()) writeFileSync(file(index), 'edited');
    for (const _ of ['once', 'twice']) {
      expect(run.run(['-y'], { shell })).toMatchObject({ status: 0 });
      for (const [index, text] of contents.entries()) {
        expect(readFileSync(file(index))).toEqual(Buffer.from(text));
        expect(statSync(file(index)).mode & 0o7777).toBe(0o640);
        expect(Math.floor(statSync(file(index)).mtimeMs / 1000)).toBe(1000);
      }
      // As if the script had never been run, so that it does all of it again.
      writeFileSync(join(run.folder, 'undo.done'), '');
    }
  });

  it('runs each command as it was recorded: arguments, folder, environment and input', () => {
    const run = runFolder([]);
    const out = (index: number) => join(run.folder, `out${index}`);
    const tell = 'printf "%s\\0" "$PWD" "$VALUE" "$TOKEN" "$@" >"$OUT"; cat >>"$OUT"';
    const cases = fc.sample(
      fc.record({ args: fc.array(argument, { maxLength: 4 }), value: argument, input: content }),
      { numRuns: 16, seed: 11 },
    );
    mkdirSync(join(run.folder, "it's a folder"));
    writeFileSync(join(run.folder, 'secret'), 'hunter2\n');
    run.rewrite(
      cases.map(({ args, value, input }, index) =>
        step(
          `c${index}`,
          data({
            argv: ['sh', '-c', tell, 'sh', ...args],
            cwd: join(run.folder, "it's a folder"),
            env: {
              VALUE: value,
              OUT: out(index),
              TOKEN: {
                secret: index % 2 === 0 ? 'env' : 'file',
                name: index % 2 === 0 ? 'MY_TOKEN' : join(run.folder, 'secret'),
              },
            },
            input,
          }),
        ),
      ),
    );
    expect(readFileSync(join(run.folder, 'undo.sh'), 'utf8')).not.toContain('hunter2');
    expect(run.run(['-y'], { shell, env: { MY_TOKEN: 'hunter2' } })).toMatchObject({ status: 0 });
    for (const [index, { args, value, input }] of cases.entries()) {
      const told = [join(run.folder, "it's a folder"), value, 'hunter2', ...args];
      expect(readFileSync(out(index))).toEqual(Buffer.from(told.map((text) => `${text}\0`).join('') + input));
    }
  });
});

const touch = (file: string) => data({ argv: ['sh', '-c', `echo "$0" >>"$1"`, 'ran', file] });

test('a script that was cut off anywhere in its last step undoes all the others, and not that one', () => {
  const run = runFolder([]);
  const log = join(run.folder, 'log');
  const says = (word: string) =>
    data({ argv: ['sh', '-c', `echo "$1" >>"$0"`, log, word], input: '# whole\n' });
  const script = join(run.folder, 'undo.sh');
  run.rewrite([step('b', says('b')), step('a', says('a'))]);
  const two = readFileSync(script);
  run.rewrite([step('c', says('c')), step('b', says('b')), step('a', says('a'))]);
  const three = readFileSync(script);
  expect(three.subarray(0, two.length)).toEqual(two);
  // Without the newline of its seal it is whole as well.
  const longest = three.length - two.length - 2;
  const cuts = fc.sample(fc.nat(longest), { numRuns: 4, seed: 5 });
  for (const [index, cut] of [0, longest, ...cuts].entries()) {
    writeFileSync(script, three.subarray(0, two.length + cut));
    writeFileSync(log, '');
    writeFileSync(join(run.folder, 'undo.done'), '');
    const shell = shells[index % shells.length] ?? ['sh'];
    expect({ cut, ...run.run(['-y'], { shell }) }).toMatchObject({ cut, status: 0 });
    expect(readFileSync(log, 'utf8')).toBe('b\na\n');
  }
});

test('a step that is marked is passed over, and one that fails stops what lies before it', () => {
  const run = runFolder([]);
  const log = join(run.folder, 'log');
  const failing = data({ argv: ['false'] });
  run.rewrite([step('c', touch(log)), step('b', failing), step('a', touch(log))]);
  const first = run.run();
  expect(first.status).toBe(5);
  expect(first.said).toMatch(/STOPPED: that command exited with 1/);
  expect(run.marks()).toMatch(/^c [0-9a-f]{12} \d+ script\n$/);
  expect(run.run(['-y', '--done', 'b'])).toMatchObject({ status: 0 });
  expect(run.marks()).toMatch(/^c .* script\nb .* person\na .* script\n$/);
  expect(readFileSync(log, 'utf8')).toBe('ran\nran\n');
});

test('nothing is done without a yes, nor with -n', () => {
  const run = runFolder([]);
  const log = join(run.folder, 'log');
  run.rewrite([step('b', touch(log)), step('a', touch(log))]);
  expect(run.run(['-n'])).toMatchObject({ status: 0, said: expect.stringContaining('-> sh -c') });
  expect(run.run([], { input: '\n' }).status).toBe(5);
  expect(run.run([]).said).toContain('nobody answers');
  expect(existsSync(log) || run.marks() !== '').toBe(false);
  expect(run.run([], { input: 'y\ny\n' }).status).toBe(0);
  expect(readFileSync(log, 'utf8')).toBe('ran\nran\n');
});

test('what only a person can do is asked for, never passed over by -y', () => {
  const run = runFolder([step('m', { kind: 'code', describe: 'x', breakGlass: 'Turn the key.' })]);
  expect(run.run(['-y'])).toMatchObject({
    status: 5,
    said: expect.stringMatching(/BY HAND: Turn the key\.[\s\S]*--done m/),
  });
  expect(run.run([], { input: 'y\n' }).status).toBe(0);
  expect(readFileSync(join(run.folder, 'undo.sh'), 'utf8')).toContain('# - m: Turn the key.');
});

test('a file that somebody changed since is left alone', () => {
  const run = runFolder([]);
  const file = join(run.folder, 'file');
  run.rewrite([step('f', data({ restore: file, content: 'old', expect: 'new' }))]);
  for (const text of ['by hand', undefined]) {
    if (text !== undefined) writeFileSync(file, text);
    expect(run.run()).toMatchObject({ status: 5, said: expect.stringContaining('changed by somebody') });
    if (text !== undefined) expect(readFileSync(file, 'utf8')).toBe(text);
  }
  writeFileSync(file, 'new');
  expect(run.run().status).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe('old');
});

test('a file that several steps have edited goes back edit by edit, and is not taken for changed when it is further back', () => {
  const run = runFolder([]);
  const file = join(run.folder, 'file');
  run.rewrite([
    step('b', data({ restore: file, content: 'once', expect: 'twice' })),
    step('a', data({ restore: file, content: 'never', expect: 'once' })),
  ]);
  for (const text of ['twice', 'once', 'never']) {
    writeFileSync(file, text);
    writeFileSync(join(run.folder, 'undo.done'), '');
    expect(run.run()).toMatchObject({ status: 0 });
    expect(readFileSync(file, 'utf8')).toBe('never');
  }
});

test('a file that was not there is removed, and the file behind a symlink is put back', () => {
  const run = runFolder([]);
  const [made, link, behind] = ['made', 'link', 'behind'].map((name) => join(run.folder, name)) as [
    string,
    string,
    string,
  ];
  run.rewrite([
    step('b', data({ restore: made, content: null, expect: 'x' })),
    step('a', data({ restore: link, content: 'old' })),
  ]);
  writeFileSync(made, 'x');
  writeFileSync(behind, 'new');
  symlinkSync('behind', link);
  expect(run.run().status).toBe(0);
  expect([existsSync(made), readFileSync(behind, 'utf8'), statSync(link).isFile()]).toEqual([
    false,
    'old',
    true,
  ]);
});

test('what takes effect at boot comes first when the machine has booted since, and the rest after another boot', () => {
  const run = runFolder([]);
  const log = join(run.folder, 'log');
  const says = (word: string) => data({ argv: ['sh', '-c', `echo "$1" >>"$0"`, log, word] });
  run.rewrite([
    step('mount', says('mount')),
    step('boot', says('boot'), { effective: 'at-boot', boot: elsewhere }),
    step('copy', says('copy'), { boot: elsewhere }),
  ]);
  for (const _ of ['at first', 'without a reboot']) {
    expect(run.run()).toMatchObject({
      status: 3,
      said: expect.stringMatching(/reboot this machine[\s\S]*run me again/),
    });
    expect(readFileSync(log, 'utf8')).toBe('boot\n');
  }
  const asked = readFileSync(join(run.folder, 'undo.reboot'), 'utf8');
  expect(asked).toBe(`${thisBoot.bootId} ${thisBoot.initStart} ${thisBoot.pidNamespace}\n`);
  writeFileSync(join(run.folder, 'undo.reboot'), asked.replace(thisBoot.bootId, 'the-boot-before'));
  expect(run.run().status).toBe(0);
  expect(readFileSync(log, 'utf8')).toBe('boot\nmount\ncopy\n');
});

test('in the boot in which all of it was done, no reboot is asked for', () => {
  const run = runFolder([step('boot', data({ argv: ['true'] }), { effective: 'at-boot' })]);
  expect(run.run().status).toBe(0);
});

test('it refuses another machine, another user, a moved run, a later rollback, and what cannot be undone', () => {
  const refused = (more: object, what: RegExp, args = ['-y']) => {
    const run = runFolder([step('a', data({ argv: ['true'] }))], more);
    expect(run.run(args)).toMatchObject({ status: 2, said: expect.stringMatching(what) });
    return run;
  };
  expect(refused({ machineId: 'f00d' }, /another machine/).run(['-y', '-f']).status).toBe(0);
  refused({ user: 12_345 }, /user with the number 12345/);
  refused({}, /usage:/, ['--yes']);
  const moved = runFolder([step('a', data({ argv: ['true'] }))]);
  moved.journal('{"v":1,"seq":1,"at":"x","type":"run.moved","to":"/srv","crc":"0"}');
  expect(moved.run(['-y', '-f'])).toMatchObject({ status: 2, said: expect.stringContaining('was moved') });
  const back = runFolder([step('a', data({ argv: ['true'] }))]);
  back.journal('{"v":1,"seq":1,"at":"x","type":"rollback.completed","to":"a","crc":"0"}');
  expect(back.run(['-n']).status).toBe(0);
  back.journal('{"v":1,"seq":1,"at":"x","type":"rollback.completed","crc":"0"}');
  expect(back.run()).toMatchObject({ status: 2, said: expect.stringContaining('rolled back since') });
  const gone = runFolder([step('wipe', { kind: 'irreversible', why: 'the old copy is gone' })]);
  expect(gone.run()).toMatchObject({
    status: 2,
    said: expect.stringMatching(/the old copy is gone[\s\S]*--done wipe/),
  });
  expect(gone.run(['-y', '--done', 'wipe']).status).toBe(0);
});

test('it refuses while migrate or a child of it is at work on the run', () => {
  const run = runFolder([step('a', data({ argv: ['true'] }))]);
  const own = readFileSync('/proc/self/stat', 'utf8');
  const lock = {
    pid: process.pid,
    startTime: own.slice(own.lastIndexOf(')') + 2).split(' ')[19],
    bootId: thisBoot.bootId,
  };
  writeFileSync(join(run.folder, 'lock.9'), '{"released":true}\n');
  writeFileSync(join(run.folder, 'lock.10'), `${JSON.stringify(lock)}\n`);
  expect(run.run()).toMatchObject({ status: 2, said: expect.stringContaining(`process ${process.pid}`) });
  writeFileSync(join(run.folder, 'lock.10'), `${JSON.stringify({ ...lock, startTime: '1' })}\n`);
  expect(run.run(['-n']).status).toBe(0);
  const child = spawn('sleep', ['60'], {
    env: { ...process.env, MIGRATE_RUN: 'move-home-20260921-k3f9' },
    stdio: 'ignore',
  });
  try {
    expect(run.run()).toMatchObject({
      status: 2,
      said: expect.stringContaining(`process ${child.pid}, which the run began`),
    });
  } finally {
    child.kill('SIGKILL');
  }
});

describe('two at once', () => {
  /** At its first question, until it is answered. */
  async function asking(folder: string) {
    const child = spawn('sh', [join(folder, 'undo.sh')], { stdio: ['pipe', 'pipe', 'ignore'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await new Promise<void>((resolve) => {
      let said = '';
      child.stdout.on('data', (text: Buffer) => {
        said += text.toString();
        if (said.includes('?')) resolve();
      });
    });
    return child;
  }
  const begun = () =>
    runFolder([step('one', data({ argv: ['true'] })), step('two', data({ argv: ['true'] }))]);

  test('a second script, and migrate itself, refuse while one is at work, and name it', async () => {
    const run = begun();
    const first = await asking(run.folder);
    expect(run.run()).toMatchObject({ status: 2, said: expect.stringContaining(`process ${first.pid}`) });
    await expect(acquireLock(run.folder, { what: 'the run', command: 'migrate' })).rejects.toThrow(
      `process ${first.pid} (sh undo.sh)`,
    );
    expect(run.marks()).toBe('');
    first.kill('SIGKILL');
    await once(first, 'close');
    expect(run.run()).toMatchObject({ status: 0 });
  });

  test('a script refuses while migrate is at work, and frees its lock when it ends or is interrupted', async () => {
    const run = begun();
    const lock = await acquireLock(run.folder, { what: 'the run', command: 'migrate' });
    expect(run.run()).toMatchObject({ status: 2, said: expect.stringContaining(`process ${process.pid}`) });
    await lock.release();
    const interrupted = await asking(run.folder);
    interrupted.kill('SIGTERM');
    interrupted.stdin.end('y\n');
    await once(interrupted, 'close');
    expect(readdirSync(run.folder).filter((name) => name.startsWith('.lock-draft'))).toEqual([]);
    await (await acquireLock(run.folder, { what: 'the run', command: 'migrate' })).release();
    expect(run.run()).toMatchObject({ status: 0 });
    await (await acquireLock(run.folder, { what: 'the run', command: 'migrate' })).release();
  });

  test.each(shells)('of many that %s begins in the same moment, one works', async (...shell) => {
    const run = runFolder([step('slow', data({ argv: ['sleep', '0.5'] }))]);
    const [program = 'sh', ...before] = shell;
    const ends = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const child = spawn(program, [...before, join(run.folder, 'undo.sh'), '-y'], { stdio: 'ignore' });
        const [code] = (await once(child, 'close')) as [number];
        return code;
      }),
    );
    expect(ends.filter((code) => code === 0)).toHaveLength(1);
    expect(ends.filter((code) => code === 2)).toHaveLength(7);
  });
});
