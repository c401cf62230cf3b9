import { main } from '../../../src/cli/main.ts';
import { skippableClock } from '../../../src/rehearsal/clock.ts';

// The program itself, by a clock that a test puts forward.
process.exitCode = await main(process.argv.slice(2), {
  clock: skippableClock(process.env['MIGRATE_TEST_CLOCK'] ?? ''),
});
