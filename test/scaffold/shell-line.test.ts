import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readShellLine } from '../../src/scaffold/shell-line.ts';

const argvs = (line: string) => {
  const read = readShellLine(line);
  return read.kind === 'commands' ? read.commands.map(({ argv }) => argv) : read.kind;
};

test('quotes are taken off, a comment is told, and && and ; part commands', () => {
  expect(argvs(`rsync -a '/srv/my photos/' "/mnt/x y/"`)).toEqual([
    ['rsync', '-a', '/srv/my photos/', '/mnt/x y/'],
  ]);
  expect(argvs('systemctl stop a && systemctl stop b; sync')).toEqual([
    ['systemctl', 'stop', 'a'],
    ['systemctl', 'stop', 'b'],
    ['sync'],
  ]);
  expect(readShellLine('nixos-rebuild test  # without a boot entry')).toMatchObject({
    comment: 'without a boot entry',
  });
});

test('sudo is a wish for root, and not the program', () => {
  expect(readShellLine('sudo umount /mnt')).toMatchObject({
    commands: [{ argv: ['umount', '/mnt'], asRoot: true }],
  });
  expect(argvs('sudo -u postgres psql')).toBe('shell');
});

test('a placeholder in angle brackets is no redirection', () => {
  expect(argvs('git revert <the commit>')).toEqual([['git', 'revert', '<the commit>']]);
});

test.each([
  'zfs list | grep sonarr',
  'echo x > /etc/fstab',
  'cat < /etc/fstab',
  'rm -rf /srv/*',
  'ls ~/photos',
  'echo $HOME',
  'echo $(date)',
  'echo `date`',
  'cp /a/{b,c} /d',
  'cd /srv',
  'A=b program',
  'export A=b',
  './install.sh',
  'sleep 1 &',
  '(cd /srv; ls)',
  'true || false',
])('%s is left to a shell', (line) => {
  expect(argvs(line)).toBe('shell');
});

test('no line brings it down, and no command that it gives holds what a shell would have read', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab /-|&;<>$`*?(){}\\\'"#~=!'.split('')) }), (line) => {
      const read = readShellLine(line);
      if (read.kind === 'shell') return;
      for (const { argv } of read.commands) expect(argv[0]).toMatch(/^[\w./+-]+$/);
    }),
  );
});
