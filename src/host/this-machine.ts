import type { EngineHost } from '../engine/ports.ts';
import type { Clock, SecretReference } from '../runbook/index.ts';
import { readBoot } from './boot.ts';
import { systemClock } from './clock.ts';
import { systemFiles } from './files.ts';
import { readMounts } from './mounts.ts';
import { pastRunsIn } from './past-runs.ts';
import { self } from './process.ts';
import { hidingSecrets } from './secrets.ts';
import { exec, spawn } from './shell.ts';

/**
 * The machine that this program runs on.
 *
 * @param options.state the state folder, where runbooks may ask for the runs that it holds
 * @param options.secrets those of the run: they reach the commands that are given them, and nothing that is shown
 */
export function thisMachine(
  options: { clock?: Clock; secrets?: readonly SecretReference[]; state?: string | undefined } = {},
): EngineHost {
  const { secrets = [] } = options;
  return {
    exec: (command, how) => exec(command, how, secrets),
    spawn: (command, how) => spawn(command, how, secrets),
    files: systemFiles,
    mounts: readMounts,
    boot: readBoot,
    clock: options.clock ?? systemClock,
    self: async () => self(),
    hiding: () => hidingSecrets(secrets),
    ...(options.state === undefined ? {} : { runs: pastRunsIn(options.state) }),
  };
}
