import { runbook } from '../../src/runbook/index.ts';

/** A chain whose types are looked away from, as when Node.js has stripped them. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests give what a compiler would refuse
export type Unchecked = any;

export function chain(options: object = {}, id = 'sample'): Unchecked {
  return runbook(id, { summary: 'a sample', ...options });
}

/** A step that makes a file, can tell whether it is there, and removes it when it is undone. */
export function makes(path: string, more: object = {}): object {
  return {
    commands: ({ sh }: Unchecked) => [sh`make ${path}`],
    probe: async ({ host }: Unchecked) =>
      (await host.files.read(path)) === undefined ? 'not-started' : 'done',
    undo: ({ sh }: Unchecked) => [sh`remove ${path}`],
    ...more,
  };
}

/** The same, for which nobody can tell whether it happened. */
export function blind(path: string, more: object = {}): object {
  const { probe: _, ...rest } = makes(path) as { probe: unknown };
  return { ...rest, ...more };
}
