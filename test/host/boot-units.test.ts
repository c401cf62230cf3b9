import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bootUnits, stateDirOf, type BootUnitsGiven } from '../../src/host/boot-units.ts';
import { transientCommand } from '../../src/host/transient.ts';
import { environmentLine, execLine, unitText } from '../../src/host/unit-text.ts';

const given: BootUnitsGiven = {
  node: '/usr/bin/node',
  program: '/usr/lib/migrate.js',
  stateDir: '/var/lib/migrate',
  claimsDir: '/srv/claims',
  path: '/usr/bin:/bin',
  everyMs: 60_000,
  mounts: ['/srv', '/srv/with space'],
};
const textOf = (name: string, more: Partial<BootUnitsGiven> = {}) =>
  unitText(
    bootUnits({ ...given, ...more }).find((unit) => unit.name === name)!,
    '# by a test',
  );

/** Words as systemd.service(5) reads them back from a line of ExecStart. */
function readBack(line: string): string[] {
  const words = line.match(/"(?:[^"\\]|\\.)*"|[^\s"]+/gs) ?? [];
  return words.map((word) =>
    (word.startsWith('"') ? unescape(word.slice(1, -1)) : word).replaceAll('%%', '%').replaceAll('$$', '$'),
  );
}
const unescape = (text: string) =>
  text.replaceAll(/\\(.)/g, (_, letter: string) => ({ n: '\n', t: '\t', r: '\r' })[letter] ?? letter);

describe('the units by which runs go on', () => {
  test('name node, the program and the state folder by their whole paths, and start nothing again by themselves', () => {
    const text = textOf('migrate-resume.service');
    expect(text).toContain(
      'ExecStart=/usr/bin/node /usr/lib/migrate.js --state-dir /var/lib/migrate --no-input resume --unattended boot --await-mount /srv --await-mount "/srv/with space"\n',
    );
    expect(text).toContain('Environment="MIGRATE_CLAIMS_DIR=/srv/claims"\n');
    expect(text).toContain('RequiresMountsFor=/srv\n');
    expect(text).toContain('Restart=no\n');
    expect(text).toContain('WantedBy=multi-user.target\n');
    expect(textOf('migrate-soak.service')).toContain(
      'After=local-fs.target remote-fs.target network-online.target migrate-resume.service\n',
    );
    expect(textOf('migrate-soak.timer')).toContain('OnUnitActiveSec=60000ms\nAccuracySec=3000ms\n');
    expect(textOf('migrate-soak.timer', { everyMs: 1_000 })).toContain('AccuracySec=100ms\n');
  });

  test('give no service a mount namespace of its own, in which its mounts would be lost on everybody else', () => {
    const hides =
      /^(Protect|Private|ReadOnly|ReadWrite|Inaccessible|ExecPaths|NoExec|Bind|TemporaryFileSystem|Root|MountFlags|MountImages|DynamicUser|ConfigurationDirectory|ExtensionImages)/m;
    for (const { name } of bootUnits(given)) expect(textOf(name)).not.toMatch(hides);
    expect('ProtectSystem=yes').toMatch(hides);
  });

  test('tell whose runs go on, whatever the folder is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
        const stateDir = `/${name}`;
        expect(stateDirOf(textOf('migrate-resume.service', { stateDir }))).toBe(stateDir);
      }),
    );
    expect(stateDirOf('[Unit]\nDescription=x\n')).toBeUndefined();
    expect(stateDirOf('X-MigrateStateDir="\\x"\n')).toBeUndefined();
  });

  test('pass every word on as it is, on one line', () => {
    const word = fc.string({
      unit: fc.constantFrom('a', ' ', '"', "'", '\\', '$', '%', '\n', '\t', ';', '{', 'é'),
    });
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const line = execLine(words);
        expect(line).not.toContain('\n');
        expect(readBack(line)).toEqual(words);
      }),
    );
    expect(environmentLine('A', 'b "c" 5% $d\\')).toBe('"A=b \\"c\\" 5%% $d\\\\"');
  });
});

test('a transient unit is forgotten when it has ended, and is kept as the others are', () => {
  const command = transientCommand({
    unit: 'migrate-x.service',
    description: 'migrate resume x',
    words: ['/bin/node', '$HOME', '$A%'],
    env: { PATH: '/bin' },
    folder: '/',
  });
  expect(command).toEqual(
    expect.arrayContaining([
      '--collect',
      '--unit=migrate-x.service',
      '--setenv=PATH=/bin',
      '--property=KillMode=mixed',
    ]),
  );
  expect(command.slice(command.indexOf('--'))).toEqual(['--', '/bin/node', '$$HOME', '$$A%']);
});
