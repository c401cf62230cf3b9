import { join } from 'node:path';

/**
 * Where everything of a world lies. `folder` is the world's own folder on the host; what is mounted
 * in it can be seen in the world's private mount namespace only.
 */
export interface WorldLayout {
  readonly folder: string;
  /** Who built it, for the sweep. */
  readonly owner: string;
  /** The world's root directory, as the supervisor sees it: always what lies beneath the world's own mounts. */
  readonly root: string;
  /** Bound to `/.world` in the world; outlives its reboots. */
  readonly shared: string;
  /** What init and everything that it starts print. */
  readonly console: string;
}

export function layoutOf(folder: string): WorldLayout {
  return {
    folder,
    owner: join(folder, 'owner.json'),
    root: join(folder, 'root'),
    shared: join(folder, 'shared'),
    console: join(folder, 'console.log'),
  };
}

/** Paths as the world sees them. */
export const inWorld = {
  shared: '/.world',
  /** The offset of the world's clocks; see clock.ts. */
  clock: '/.world/clock',
  /** Files that begin with this remember which injected crashes have happened; see crash.ts. */
  crashed: '/.world/crashed',
  /** Programs that stand in for others; see stand-ins.ts. */
  standIns: '/.world/stand-ins',
  /** What Node.js has compiled, for the next process. */
  compiled: '/.world/compiled',
  /** What the program came by, when that is asked for; see crash.ts. */
  passes: '/.world/passes',
} as const;
