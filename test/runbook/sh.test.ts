import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCommand, isPlaceholder, placeholder, secret, sh } from '../../src/runbook/index.ts';

const argvOf = (command: { argv: readonly string[] }) => [...command.argv];
/** A template call with pieces that a test has made. */
const template = (literals: readonly string[], values: readonly (string | readonly string[])[]) =>
  sh(Object.assign([...literals], { raw: literals }), ...values);

describe('sh', () => {
  it('splits literal text at white space, and makes each value exactly one argument', () => {
    const name = 'two words; rm -rf /';
    expect(argvOf(sh`zfs   snapshot ${name}\n`)).toEqual(['zfs', 'snapshot', name]);
    expect(argvOf(sh`rsync --exclude=${'a b'}/${'c'} ${''}`)).toEqual(['rsync', '--exclude=a b/c', '']);
    expect(argvOf(sh`sleep ${5}`)).toEqual(['sleep', '5']);
  });

  it('makes an array several arguments, and an empty one none', () => {
    expect(argvOf(sh`ls -- ${['a b', 'c']} ${[]} d`)).toEqual(['ls', '--', 'a b', 'c', 'd']);
  });

  it.each([
    ['text before it', () => sh`ls a${['b']}`],
    ['text after it', () => sh`ls ${['b']}a`],
    ['a value after it', () => sh`ls ${['b']}${'a'}`],
    ['another array after it', () => sh`ls ${['b']}${['a']}`],
    ['quotes around it', () => sh`ls "${['b']}"`],
  ])('refuses an array with %s', (_, build) => {
    expect(build).toThrow(expect.objectContaining({ code: 'command.array', exitCode: 2 }));
  });

  it('passes on quoted text as it is, joined with what touches it', () => {
    expect(argvOf(sh`find ${'/x'} -name '*.nix' "a b"'c'${'d'} ''`)).toEqual([
      ...['find', '/x', '-name', '*.nix', 'a bcd', ''],
    ]);
    expect(argvOf(sh`echo "${'a "b"'}"`)).toEqual(['echo', 'a "b"']);
  });

  it.each(['|', '&', ';', '<', '>', '`', '$', '*', '?', '(', ')', '{', '}', '\\'])(
    'refuses an unquoted %s, which only a shell would read, and says how to pass it on',
    (character) => {
      expect(() => template([`echo a${character}b`], [])).toThrow(
        expect.objectContaining({ code: 'command.shell-syntax', hint: expect.stringContaining('Quote it') }),
      );
      expect(argvOf(template([`echo 'a${character}b'`], []))).toEqual(['echo', `a${character}b`]);
    },
  );

  it('refuses ~ and # where a shell would read them, and takes them elsewhere', () => {
    expect(() => sh`ls ~/x`).toThrow(expect.objectContaining({ code: 'command.shell-syntax' }));
    expect(() => sh`ls # all`).toThrow(expect.objectContaining({ code: 'command.shell-syntax' }));
    expect(argvOf(sh`nix build .#host HEAD~1`)).toEqual(['nix', 'build', '.#host', 'HEAD~1']);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['true', true],
    ['NaN', Number.NaN],
    ['an object', { a: 1 }],
    ['a date', new Date(0)],
    ['text with a NUL byte', 'a\0b'],
    ['an array that holds undefined', ['a', undefined]],
  ])('refuses %s as a value, since types are not checked when a runbook is loaded', (_, value) => {
    expect(() => sh`rm -rf ${value as string}`).toThrow(expect.objectContaining({ code: 'command.value' }));
  });

  it('refuses a secret as an argument, and names the environment', () => {
    const reference = secret('a password').parse('env:PASSWORD');
    expect(() => sh`restic --password ${reference as never}`).toThrow(
      expect.objectContaining({ code: 'command.value', hint: expect.stringContaining('env') }),
    );
    const command = sh.with({ env: { RESTIC_PASSWORD: reference } })`restic snapshots`;
    expect(formatCommand(command)).toBe('RESTIC_PASSWORD=‹env:PASSWORD› restic snapshots');
  });

  it('refuses an open quote, no program, and a backslash that JavaScript cannot read', () => {
    expect(() => sh`echo 'a`).toThrow(expect.objectContaining({ code: 'command.quote' }));
    expect(() => sh`  `).toThrow(expect.objectContaining({ code: 'command.empty' }));
    expect(() => sh`${''} x`).toThrow(expect.objectContaining({ code: 'command.empty' }));
    expect(() => sh`type C:\users\x`).toThrow(expect.objectContaining({ code: 'command.escape' }));
  });

  it('keeps the folder, environment, input and exit codes that it is given', () => {
    expect(sh.with({ cwd: '/x', ok: [0, 24], input: 'y' })`rsync a b`).toEqual({
      ...{ argv: ['rsync', 'a', 'b'], cwd: '/x', ok: [0, 24], input: 'y' },
    });
  });

  it('keeps any value one argument, whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (values) => {
        const clean = values.map((value) => value.replaceAll('\0', ''));
        const literals = ['run ', ...clean.slice(1).map(() => ' '), ''];
        expect(argvOf(template(literals, clean))).toEqual(['run', ...clean]);
        expect(argvOf(template(['run ', ''], [clean]))).toEqual(['run', ...clean]);
      }),
    );
  });
});

describe('formatCommand', () => {
  it('writes what a POSIX shell reads back as the same arguments', () => {
    const awkward = fc.string({
      unit: fc.constantFrom(...Array.from('ab=~#\'"\\$`*?[]{}()<>|&;!\n\t -/‹é💾')),
      maxLength: 8,
    });
    // Each word ends with a marker, since a newline at the very end would be lost in no shell but in reading.
    const words = fc.sample(fc.array(awkward, { minLength: 1, maxLength: 6 }), { numRuns: 150, seed: 7 });
    const script = words
      .map((args) => `${formatCommand({ argv: ['printf', '%s\\0', ...args] })}; printf '\\001'`)
      .join('\n');
    const output = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
    const read = output.split('\u0001').slice(0, -1);
    expect(read.map((line) => line.split('\0').slice(0, -1))).toEqual(words);
  });

  it('quotes a program whose name a shell would take for a variable', () => {
    expect(formatCommand({ argv: ['A=b', 'c=d'] })).toBe("'A=b' c=d");
    const output = execFileSync('sh', ['-c', `${formatCommand({ argv: ['A=b'] })} 2>&1; echo $?`], {
      encoding: 'utf8',
    });
    expect(output).toContain('127');
  });

  it('shows values that are not known yet by name, also within other text', () => {
    const captured: { name: string; list: string[] } = placeholder('snapshot.captured');
    expect(formatCommand(sh`zfs hold ${captured.name}@x ${captured.list[0] as string}`)).toBe(
      "zfs hold ‹snapshot.captured.name›@x '‹snapshot.captured.list[0]›'",
    );
    const literal = {
      argv: ['zfs', captured.list[0]] as [string, string],
      env: { A: captured.list[0] as string },
    };
    expect(formatCommand(literal)).toBe("A='‹snapshot.captured.list[0]›' zfs '‹snapshot.captured.list[0]›'");
    expect(isPlaceholder(captured.name)).toBe(true);
    expect(JSON.stringify({ at: captured.name })).toBe('{"at":"‹snapshot.captured.name›"}');
  });
});
