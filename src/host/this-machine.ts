import type { EngineHost } from '../engine/ports.ts';
import type { Clock } from '../runbook/index.ts';
import { readBoot } from './boot.ts';
import { systemClock } from './clock.ts';
import { systemFiles } from './files.ts';
import { readMounts } from './mounts.ts';
import { self } from './process.ts';
import { exec, spawn } from './shell.ts';

/** The machine that this program runs on. */
export function thisMachine(options: { clock?: Clock } = {}): EngineHost {
  return {
    exec,
    spawn,
    files: systemFiles,
    mounts: readMounts,
    boot: readBoot,
    clock: options.clock ?? systemClock,
    self: async () => self(),
  };
}
