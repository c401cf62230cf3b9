import type { Need } from './entry.ts';

/** A kind of path that must not be lost with the root file system. */
export interface CriticalPath {
  readonly id: string;
  readonly title: string;
  /** With `*` for any part of one name. */
  readonly pattern: string;
  readonly need: Need;
  /** It is missing also where the machine has no such path: it would be made anew at each boot. */
  readonly always: boolean;
}

/** What must outlive a boot on every machine whose root does not. */
export const criticalPaths: readonly CriticalPath[] = [
  {
    id: 'ssh-host-keys',
    title: 'SSH host keys',
    pattern: '/etc/ssh/ssh_host_*',
    need: 'critical',
    always: false,
  },
  { id: 'machine-id', title: 'Machine ID', pattern: '/etc/machine-id', need: 'critical', always: true },
  {
    id: 'uid-maps',
    title: 'Numbers of users and groups',
    pattern: '/var/lib/nixos',
    need: 'critical',
    always: true,
  },
  {
    id: 'containers',
    title: 'Container data',
    pattern: '/var/lib/containers',
    need: 'critical',
    always: false,
  },
  { id: 'services', title: 'Data of services', pattern: '/var/lib/*', need: 'critical', always: false },
  { id: 'homes', title: 'Home folders', pattern: '/home/*', need: 'critical', always: false },
  { id: 'logs', title: 'Logs', pattern: '/var/log', need: 'optional', always: false },
];

/** Whether a path is one of a pattern. */
export function matchesPattern(path: string, pattern: string): boolean {
  const parts = [path, pattern].map((text) => text.split('/'));
  const [names = [], wanted = []] = parts;
  return (
    names.length === wanted.length && wanted.every((part, index) => matchesName(names[index] ?? '', part))
  );
}

function matchesName(name: string, pattern: string): boolean {
  const [head = '', ...tails] = pattern.split('*');
  if (tails.length === 0) return name === pattern;
  const tail = tails.join('*');
  return name.length >= head.length + tail.length && name.startsWith(head) && name.endsWith(tail);
}
