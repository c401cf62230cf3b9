import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHomes } from '../../../src/operations/state-discovery/accounts.ts';
import { parseEtc } from '../../../src/operations/state-discovery/changed-etc.ts';
import { parseUsage, unreadablePaths } from '../../../src/operations/state-discovery/disk-usage.ts';
import { parseLookedAt } from '../../../src/operations/state-discovery/looked-at.ts';
import { parseConffiles, parseOwners } from '../../../src/operations/state-discovery/packages.ts';
import { foldersOfState, parseUnit } from '../../../src/operations/state-discovery/running-services.ts';
import { outermost, undeclaredFolders } from '../../../src/operations/state-discovery/undeclared.ts';

test('sizes are read whatever a folder is called', () => {
  expect([...parseUsage('12\t/a\tb\n c\x00300\t/\0')]).toEqual([
    ['/a\tb\n c', 12],
    ['/', 300],
  ]);
});

test('what may not be read is named, and what has vanished is not', () => {
  const said = [
    "du: cannot read directory '/var/lib/private': Permission denied",
    "du: cannot access '/proc/7/task': No such file or directory",
    "du: cannot access '/mnt/x': Input/output error",
  ];
  expect(unreadablePaths(said.join('\n'))).toEqual([
    '/var/lib/private: Permission denied',
    '/mnt/x: Input/output error',
  ]);
});

describe('homes', () => {
  test('come from the database of users: people and root, not programs', () => {
    const passwd = [
      'root:x:0:0::/root:/bin/sh',
      'ann:x:1000:1000::/home/ann:/bin/bash',
      'bob:x:1001:1001::/srv/people/bob:/bin/bash',
      'locked:x:1002:1002::/home/locked:/usr/sbin/nologin',
      'sonarr:x:274:274::/var/lib/sonarr:/bin/sh',
      'nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin',
      'nixbld1:x:30001:30000::/var/empty:/sbin/nologin',
      '',
    ];
    expect(parseHomes(passwd.join('\n')).map(({ path }) => path)).toEqual([
      '/root',
      '/home/ann',
      '/srv/people/bob',
      '/home/locked',
    ]);
  });
});

test('owners, modes and sizes are read, and an empty folder is told from one that is not', () => {
  const text = 'e d 755 8 root root /var/lib/a\0- f 600 16 ann users /etc/x y\n\0';
  expect(parseLookedAt(text)).toMatchObject([
    { path: '/var/lib/a', kind: 'folder', mode: '0755', bytes: 4096, empty: true },
    { path: '/etc/x y\n', kind: 'file', mode: '0600', bytes: 8192, owner: 'ann', empty: false },
  ]);
  expect(parseEtc('f\t\t/etc/a\0l\t/etc/static/b\t/etc/b\0')).toEqual([
    { path: '/etc/a', target: undefined },
    { path: '/etc/b', target: '/etc/static/b' },
  ]);
});

test('configuration files are known with their packages, but for those that are obsolete', () => {
  const sum = 'd41d8cd98f00b204e9800998ecf8427e';
  const text = `bash\n /etc/bash.bashrc ${sum}\n /etc/old ${sum} obsolete\n\nlibc6:amd64\n /etc/ld so ${sum}\n`;
  expect([...parseConffiles(text)].map(([path, one]) => `${path} of ${one.package}`)).toEqual([
    '/etc/bash.bashrc of bash',
    '/etc/ld so of libc6:amd64',
  ]);
  expect([...parseOwners('base-files, dpkg: /var/lib\nrsyslog: /var/spool/rsyslog\nno path\n')]).toEqual([
    ['/var/lib', 'base-files, dpkg'],
    ['/var/spool/rsyslog', 'rsyslog'],
  ]);
});

test('a unit says where its state lies', () => {
  const block =
    'Id=a.service\nUser=a\nStateDirectory=a b:c\nWorkingDirectory=!/srv/a\nMainPID=7\nControlGroup=/x';
  expect(parseUnit(block)).toEqual({
    unit: 'a.service',
    user: 'a',
    stateDirectories: ['/var/lib/a', '/var/lib/b'],
    workingDirectory: '/srv/a',
    mainPid: '7',
    controlGroup: '/x',
  });
  expect(parseUnit('Id=b.service\nUser=\nWorkingDirectory=')).toMatchObject({
    user: 'root',
    workingDirectory: null,
  });
  const open = [
    '/var/lib/a/db',
    '/var/lib/a/wal/1',
    '/var/log/a.log',
    'socket:[1]',
    '/usr/lib/x',
    '/srv/q/f',
  ];
  expect(foldersOfState(open)).toEqual(['/srv/q', '/var/lib/a']);
});

describe('what is declared nowhere', () => {
  const folders = new Map([
    ['/', 1000],
    ['/etc', 10],
    ['/usr', 500],
    ['/usr/bin', 400],
    ['/usr/local', 100],
    ['/usr/local/bin', 100],
    ['/var', 300],
    ['/var/cache', 50],
    ['/var/lib', 200],
    ['/var/lib/plex', 120],
    ['/var/lib/plex/db', 70],
    ['/var/lib/nixos', 80],
    ['/root', 5],
  ]);

  test('is told by folder, without what is declared within it and what is generated', () => {
    const found = undeclaredFolders(
      folders,
      ['/var/lib/nixos', '/var/lib/plex/db'],
      ['/usr/bin', '/var/cache'],
    );
    expect(found).toEqual([
      { path: '/usr/local/bin', bytes: 100, lostBytes: 100 },
      { path: '/var/lib/plex', bytes: 120, lostBytes: 50 },
      { path: '/root', bytes: 5, lostBytes: 5 },
    ]);
  });

  test('never shrinks when less is declared, and nothing that is declared is in it', () => {
    const some = fc.subarray([...folders.keys()].filter((path) => path !== '/'));
    fc.assert(
      fc.property(some, some, (declared, more) => {
        const sum = (paths: readonly string[]) =>
          undeclaredFolders(folders, paths, []).reduce((all, one) => all + one.lostBytes, 0);
        expect(sum([...declared, ...more])).toBeLessThanOrEqual(sum(declared));
        for (const { path } of undeclaredFolders(folders, declared, []))
          expect(declared.some((folder) => `${path}/`.startsWith(`${folder}/`))).toBe(false);
      }),
    );
  });

  test('counts a folder within a declared folder once', () => {
    expect(outermost(['/a/b', '/a', '/c', '/a'])).toEqual(['/a', '/c']);
  });
});
