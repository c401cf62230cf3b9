import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTemporaryName } from '../../src/copy/leftovers.ts';
import { rsyncCommand } from '../../src/copy/rsync-command.ts';
import { judgeRsync } from '../../src/copy/rsync-exit.ts';
import { parseRsyncLine } from '../../src/copy/rsync-line.ts';

const base = { from: '/nix', to: '/mnt/ssd/nix' } as const;

describe('the command', () => {
  test('deletes on the final pass alone, and never writes in place', () => {
    const warm = rsyncCommand({ ...base, pass: 'warm', asRoot: true });
    const final = rsyncCommand({ ...base, pass: 'final', asRoot: true });
    expect(warm).not.toContain('--delete');
    expect(final).toContain('--delete');
    for (const command of [warm, final]) {
      expect(command).not.toContain('--inplace');
      expect(command.slice(0, 4)).toEqual(['rsync', '-aHAX', '--numeric-ids', '--sparse']);
      expect(command.slice(-3)).toEqual(['--', '/nix/', '/mnt/ssd/nix/']);
    }
  });

  test('takes excluded paths literally, also those with wildcards in them', () => {
    const command = rsyncCommand({
      ...base,
      pass: 'warm',
      asRoot: true,
      exclude: ['var/cache', 'a*b', 'back\\slash', String.raw`a\[b`],
    });
    expect(command.filter((word) => word.startsWith('--exclude='))).toEqual([
      '--exclude=/.migrate-aside-*',
      '--exclude=/var/cache',
      String.raw`--exclude=/a\*b`,
      '--exclude=/back\\slash',
      String.raw`--exclude=/a\\\[b`,
    ]);
  });

  test('gives way to others when it is told to', () => {
    expect(rsyncCommand({ ...base, pass: 'warm', asRoot: false, idle: true, bandwidth: 5_000 })).toEqual(
      expect.arrayContaining(['ionice', '-c', '3', 'nice', '-n', '19', 'rsync', '--bwlimit=5000']),
    );
  });
});

describe('its lines', () => {
  const hash = 'f4d0497cf9394caab34d1a3ab2bece70';
  const none = ' '.repeat(32);

  test('tell what became of a path', () => {
    const kinds = {
      [`>>f+++++++++ ${hash} 3 a b`]: { kind: 'transferred', isFile: true, path: 'a b', size: 3, hash },
      // A read error of the disk; rsync's own hash of it means nothing.
      [`>>f+++++++++ ${'0'.repeat(32)} 3 a`]: { kind: 'transferred', hash: undefined },
      [`>.f          ${none} 3 a`]: { kind: 'unchanged', isFile: true, path: 'a', hash: undefined },
      [`>hf+++++++++ ${none} 3 a`]: { kind: 'linked', path: 'a' },
      [`>cL+++++++++ ${none} 1 l -> x`]: { kind: 'made', isFile: false, path: 'l -> x' },
      [`>cd+++++++++ ${none} 4096 d/`]: { kind: 'made', isFile: false, path: 'd' },
      [`>.d          ${none} 4096 ./`]: { kind: 'unchanged', path: '.' },
      [`>*deleting   ${none} 0 gone`]: { kind: 'deleted', path: 'gone' },
    };
    for (const [line, expected] of Object.entries(kinds))
      expect(parseRsyncLine(line), line).toMatchObject(expected);
  });

  test('undo its escapes, so that a name is told from one that looks like it', () => {
    const name = (line: string) => parseRsyncLine(`>>f+++++++++ ${hash} 1 ${line}`)?.path;
    expect(name(String.raw`nl\#012x`)).toBe('nl\nx');
    expect(name(String.raw`\#303\#274`)).toBe('\xc3\xbc');
    expect(name(String.raw`back\#134#012slash`)).toBe(String.raw`back\#012slash`);
    expect(name(String.raw`a\b`)).toBe(String.raw`a\b`);
  });

  test('are told from other messages', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.startsWith('>')),
        (text) => parseRsyncLine(text) === undefined,
      ),
    );
    expect(parseRsyncLine('sent 304 bytes  received 53 bytes')).toBeUndefined();
  });
});

describe('its exit code', () => {
  const judged =
    (pass: 'warm' | 'final', exitCode: number | null, stderr = '') =>
    () =>
      judgeRsync(pass, { exitCode, stderr });

  test('24, vanished files, passes a warm pass and never the final one', () => {
    expect(judged('warm', 24)).not.toThrow();
    expect(judged('final', 24)).toThrow(expect.objectContaining({ code: 'copy.vanished' }));
  });

  test('23, incomplete, and a kill pass neither', () => {
    for (const pass of ['warm', 'final'] as const) {
      expect(judged(pass, 0)).not.toThrow();
      expect(judged(pass, 23)).toThrow(expect.objectContaining({ code: 'copy.rsync-failed' }));
      expect(judged(pass, null)).toThrow(expect.objectContaining({ code: 'copy.rsync-failed' }));
    }
  });

  test('is told apart by cause where the cause has a mend of its own', () => {
    expect(
      judged('final', 11, 'rsync: [receiver] write failed on "/t/a": No space left on device (28)'),
    ).toThrow(expect.objectContaining({ code: 'copy.target-full' }));
    expect(
      judged(
        'warm',
        23,
        'rsync: [receiver] rsync_xal_set: lsetxattr("a","user.x") failed: Operation not supported (95)',
      ),
    ).toThrow(expect.objectContaining({ code: 'copy.attributes-unsupported' }));
  });
});

test('a half-written file is known by the name that rsync gives it, and nothing else is', () => {
  const long = 'n'.repeat(255);
  expect(isTemporaryName('.file.aB3dEf', ['file'])).toBe(true);
  expect(isTemporaryName('.dot.aB3dEf', ['.dot'])).toBe(true);
  expect(isTemporaryName(`.${'n'.repeat(246)}.aB3dEf`, [long])).toBe(true);
  expect(isTemporaryName('.aB3dEf', ['\xc3\xbc'.repeat(127)])).toBe(true);
  expect(isTemporaryName('.other.aB3dEf', ['file'])).toBe(false);
  expect(isTemporaryName('.file.aB3d', ['file'])).toBe(false);
  expect(isTemporaryName('file.aB3dEf', ['file'])).toBe(false);
  expect(isTemporaryName('.config', ['file'])).toBe(false);
});
