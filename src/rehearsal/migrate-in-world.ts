import { pathToFileURL } from 'node:url';
import type { Ports } from '../engine/ports.ts';
import type { Clock } from '../runbook/index.ts';
import { skippableClock } from './clock.ts';
import { crashOnce, parseCrashSpec } from './crash.ts';
import { inWorld } from './layout.ts';
import { join } from 'node:path';

// The command line as it runs in a world: the same program, with a clock that can be put forward and
// a place to die. Nothing of this is understood by the `migrate` that is installed.

type Main = (
  argv: readonly string[],
  overrides: {
    clock: Clock;
    crashPoint?: Ports['crashPoint'];
    resumesByItself: boolean;
    leaveUnconfirmed: boolean;
  },
) => Promise<number>;

// By its path, since the command line builds on rehearsals and not the other way round.
const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js';
const file = join(import.meta.dirname, '..', 'cli', `main${extension}`);
const { main } = (await import(pathToFileURL(file).href)) as { main: Main };

const crash = process.env['MIGRATE_WORLD_CRASH'];
process.exitCode = await main(process.argv.slice(2), {
  clock: skippableClock(inWorld.clock),
  resumesByItself: true,
  leaveUnconfirmed: true,
  ...(crash === undefined ? {} : { crashPoint: crashOnce(parseCrashSpec(crash), inWorld.crashed) }),
});
