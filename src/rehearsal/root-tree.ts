import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HostPrograms } from './host-programs.ts';
import { fixture } from './package-root.ts';

/** What programs look up there: the linker's cache, Debian's choice among alternatives. */
export const hostEtc = [
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'alternatives',
  'localtime',
  'login.defs',
  'mke2fs.conf',
  'protocols',
  'services',
];

const accounts = [
  ['root', 0, '/root'],
  ['admin', 1000, '/home/admin'],
  ['nobody', 65534, '/'],
] as const;

/** Writes the folders and files of a fresh machine to its disk. */
export function writeRootTree(
  root: string,
  world: {
    /** Text by path; null for a folder. */
    files: Readonly<Record<string, string | null>>;
    programs: HostPrograms;
    hostName: string;
    machineId: string;
  },
): void {
  const folders = [
    'dev',
    'etc',
    'home',
    'mnt',
    'proc',
    'run',
    'sbin',
    'srv',
    'sys',
    'tmp',
    'var/lib',
    'var/log',
  ];
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  mkdirSync(join(root, 'root'), { mode: 0o700 });
  mkdirSync(join(root, 'var/tmp'));
  chmodSync(join(root, 'var/tmp'), 0o1777);
  for (const [path, target] of world.programs.links) symlinkSync(target, join(root, path));
  for (const name of hostEtc) {
    const source = join('/etc', name);
    if (existsSync(source)) {
      cpSync(source, join(root, 'etc', name), { recursive: true, verbatimSymlinks: true });
    }
  }
  const files: Record<string, string | null> = {
    '/etc/hostname': `${world.hostName}\n`,
    '/etc/hosts': `127.0.0.1 localhost ${world.hostName}\n::1 localhost\n`,
    '/etc/machine-id': `${world.machineId}\n`,
    '/etc/fstab': '',
    '/etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
    '/etc/passwd': accounts.map(([name, id, home]) => `${name}:x:${id}:${id}::${home}:/bin/sh\n`).join(''),
    '/etc/group': accounts.map(([name, id]) => `${name}:x:${id}:\n`).join(''),
    ...world.files,
  };
  for (const [path, content] of Object.entries(files)) writeEntry(join(root, path), content);
  symlinkSync('/proc/self/mounts', join(root, 'etc/mtab'));
  copyFileSync(fixture('base', 'init'), join(root, 'sbin/init'));
  chmodSync(join(root, 'sbin/init'), 0o755);
}

function writeEntry(path: string, content: string | null): void {
  mkdirSync(content === null ? path : dirname(path), { recursive: true });
  if (content !== null) writeFileSync(path, content);
}
