import type { BreakGlassCommand, Command, Guard } from '../../runbook/index.ts';
import { harmless, inMountTable, word, words } from './words.ts';

/** A question as the script asks it, and what it says when the answer is no. */
export interface Asked {
  readonly call: string;
  readonly otherwise: string;
}

/** The functions of the library that answer each guard. */
export function asked(guard: Guard): Asked {
  switch (guard.is) {
    case 'there':
      return { call: words(['test', '-e', guard.path]), otherwise: `${guard.path} is not there` };
    case 'same-boot': {
      const { bootId, initStart, pidNamespace } = guard.boot;
      return {
        call: `same_boot ${word([bootId, initStart, pidNamespace].join(' '))}`,
        otherwise: 'the machine has booted since, which took it away',
      };
    }
    case 'mounted':
      return {
        call: `is_mounted ${words([guard.path, guard.device, inMountTable(guard.root)])}`,
        otherwise: `${guard.path} does not show the mount that this step made`,
      };
    case 'mount-point':
      return { call: `is_mount_point ${word(guard.path)}`, otherwise: `nothing is mounted at ${guard.path}` };
    case 'folder':
      return {
        call: `is_folder ${words([guard.path, guard.inode])}`,
        otherwise: `${guard.path} is not the folder that it was when the run began (its inode was ${guard.inode})`,
      };
    case 'shown-nowhere-else':
      return {
        call: `shown_nowhere_else ${words([guard.path, inMountTable(guard.path)])}`,
        otherwise: `${guard.path} is still in use by a mount: see findmnt`,
      };
    case 'filled':
      return { call: `is_filled ${word(guard.path)}`, otherwise: `${guard.path} is empty` };
    case 'written-since':
      return {
        call: `written_since ${words([guard.path, ...guard.files])}`,
        otherwise: `nothing was written in ${guard.path} since it was filled`,
      };
    case 'unwritten-since':
      return {
        call: `unwritten_since ${words([guard.path, ...guard.files])}`,
        otherwise: `something was written in ${guard.path} since it was filled, so it is kept`,
      };
    case 'named-in':
      return {
        call: `is_named_in ${words([guard.path, guard.file, guard.before, guard.after])}`,
        otherwise: `${guard.path} is not the folder that the run filled, by ${guard.file}`,
      };
  }
}

/** What a command must not do, whoever gave it: unmount nothing, or remove what is mounted. */
export function ownGuards({ argv, only: given = [] }: BreakGlassCommand): {
  only: readonly Asked[];
  demand: readonly Asked[];
} {
  const [program, ...args] = argv;
  const paths = args.filter((arg) => !arg.startsWith('-'));
  if (program === 'umount') {
    const seen = given.some(({ is }) => is === 'mounted' || is === 'mount-point');
    const only = paths.length === 1 && !seen ? paths : [];
    return { only: only.map((path) => asked({ is: 'mount-point', path })), demand: [] };
  }
  if (program !== 'rm' || !args.some((arg) => /^(-[a-z]*[rR]|--recursive$)/.test(arg)))
    return { only: [], demand: [] };
  const demand = paths.map((path) => ({
    call: `nothing_mounted_in ${words([path, inMountTable(path)])}`,
    otherwise: `something is mounted at ${path} or in it, which would be removed too: see findmnt`,
  }));
  return { only: [], demand };
}

/** It would take a mount away from under whoever uses it. */
export function isLazyUnmount({ argv: [program, ...args] }: Command): boolean {
  return program === 'umount' && args.some((arg) => arg === '--lazy' || /^-[A-Za-z]*l/.test(arg));
}

export function only({ call, otherwise }: Asked): string {
  return `only ${word(harmless(otherwise))} ${call}`;
}

export function demand({ call, otherwise }: Asked): string {
  return `demand ${word(harmless(otherwise))} ${call}`;
}
