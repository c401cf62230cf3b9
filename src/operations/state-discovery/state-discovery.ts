import { z } from 'zod';
import { formatBytes } from '../../copy/index.ts';
import { absolutePath, operation } from '../../runbook/index.ts';
import { discoverState, type DiscoverOptions, type MachineState } from './discover.ts';

const input = z.strictObject({
  /** Paths that outlive the root file system. */
  declared: z.array(absolutePath).readonly().optional(),
  /** Folders that are made anew by themselves, besides the usual ones. */
  generated: z.array(absolutePath).readonly().optional(),
});
type Input = z.output<typeof input>;

const found = z.object({
  path: z.string(),
  kind: z.enum(['file', 'folder', 'symlink', 'other']),
  bytes: z.number(),
  lostBytes: z.number(),
  owner: z.string(),
  group: z.string(),
  mode: z.string(),
  units: z.array(z.string()),
  package: z.string().optional(),
});
const output = z.object({
  undeclared: z.array(found),
  /** Those that are not listed, the smallest. */
  more: z.object({ paths: z.number(), bytes: z.number() }),
  etc: z.object({
    source: z.enum(['nixos', 'dpkg', 'unknown']),
    files: z.array(
      z.object({
        path: z.string(),
        how: z.enum(['modified', 'added']),
        package: z.string().optional(),
      }),
    ),
  }),
  homes: z.array(z.object({ user: z.string(), path: z.string(), bytes: z.number().nullable() })),
  services: z
    .array(
      z.object({
        unit: z.string(),
        user: z.string(),
        stateDirectories: z.array(z.string()),
        workingDirectory: z.string().nullable(),
        openFolders: z.array(z.string()),
      }),
    )
    .nullable(),
  unreadable: z.array(z.string()),
  bytes: z.number(),
});

/** A journal keeps what is found, so it is bounded. */
const mostListed = 400;

/**
 * Finds out what state a machine holds on its root file system: what lies outside declared places and outside what
 * the system makes by itself, by size, with owners, units and packages; changed files of /etc; homes; services.
 *
 * Input: `declared`, `generated`. Output: all of it.
 * @throws StepError `discovery.no-answer`
 */
export const stateDiscovery = operation({
  operation: 'state-discovery',
  version: 1,
  reversal: 'readonly',
  input,
  output,
  idempotent: true,
  describe: 'walk the root file system once, and ask for units, packages and users',
  preview: async ({ host, input, signal }) => {
    const state = await discoverState(host, optionsOf(input), { signal });
    return { summary: summaryOf(state), facts: { paths: state.undeclared.length, bytes: lostBytes(state) } };
  },
  run: async ({ host, input, signal, log }) => {
    const state = await discoverState(host, optionsOf(input), { signal });
    log(summaryOf(state));
    for (const path of state.unreadable.slice(0, 20)) log(`not counted, since it cannot be read: ${path}`);
    return bounded(state);
  },
});

/** Left out is not the same as undefined. */
function optionsOf({ declared = [], generated = [] }: Input): DiscoverOptions {
  return { declared, generated };
}

function bounded(state: MachineState): z.input<typeof output> {
  const rest = state.undeclared.slice(mostListed);
  const { measured: _, ...kept } = state;
  const copy = structuredClone(kept) as z.input<typeof output>;
  return {
    ...copy,
    undeclared: copy.undeclared.slice(0, mostListed),
    more: { paths: rest.length, bytes: rest.reduce((sum, one) => sum + one.lostBytes, 0) },
    etc: { ...copy.etc, files: copy.etc.files.slice(0, mostListed) },
  };
}

function lostBytes({ undeclared }: MachineState): number {
  return undeclared.reduce((sum, one) => sum + one.lostBytes, 0);
}

function summaryOf(state: MachineState): string {
  const { undeclared, etc, homes, services } = state;
  const running = services === null ? 'no systemd answers' : `${services.length} running services keep state`;
  return `${formatBytes(lostBytes(state))} in ${undeclared.length} places are declared nowhere, and ${etc.files.length} files of /etc are changed; ${homes.length} homes; ${running}`;
}
