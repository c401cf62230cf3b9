import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../runbook/index.ts';
import { skippableClock } from './clock.ts';
import { dyingAt, recordingPasses, type Dying } from './crash.ts';
import { inWorld } from './layout.ts';
import { pathWithStandIns } from './stand-ins.ts';

// The command line as it runs in a world: the same program, with a clock that can be put forward and
// a place to die. Nothing of this is understood by the `migrate` that is installed.

type Main = (
  argv: readonly string[],
  overrides: {
    readonly clock: Clock;
    readonly resumesByItself: boolean;
    readonly leaveUnconfirmed: boolean;
    readonly takesUndecided: boolean;
    readonly tellsNobody: boolean;
    readonly tellsNoWay: boolean;
  } & Partial<Dying>,
) => Promise<number>;

// By its path, since the command line builds on rehearsals and not the other way round.
const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js';
const file = join(import.meta.dirname, '..', 'cli', `main${extension}`);
const { main } = (await import(pathToFileURL(file).href)) as { main: Main };

process.env['PATH'] = pathWithStandIns(process.env['PATH']);
const {
  MIGRATE_WORLD_CRASH: crash,
  MIGRATE_WORLD_PASSES: passes,
  MIGRATE_WORLD_THROWN_AWAY: thrownAway,
} = process.env;
process.exitCode = await main(process.argv.slice(2), {
  clock: skippableClock(inWorld.clock),
  resumesByItself: true,
  leaveUnconfirmed: true,
  takesUndecided: true,
  tellsNobody: true,
  tellsNoWay: thrownAway !== undefined,
  ...(crash === undefined ? {} : dyingAt(crash, inWorld.crashed)),
  // A boot gives process numbers anew.
  ...(passes === undefined
    ? {}
    : recordingPasses(inWorld.passes, `${process.pid}-${process.hrtime.bigint()}`)),
});
