import { existsSync } from 'node:fs';
import { describe, it } from 'vitest';
import { killedBothWays } from './killed-both-ways.ts';
import { obstacle } from './services-stage.ts';

const missingProgram = existsSync('/usr/lib/postgresql') ? undefined : 'PostgreSQL is not installed';
if (missingProgram !== undefined) console.log(`the killed move of postgres is skipped: ${missingProgram}`);
const psql = 'psql -X -q -A -t -h /run/postgresql -U postgres -d postgres';

describe.skipIf(obstacle !== undefined || missingProgram !== undefined)('the move of postgres', () => {
  it(
    'ends whole although it is killed in every act or before its record, and killed in each undo goes back to the very start',
    () =>
      killedBothWays('postgres', {
        share: 1,
        shown: `${psql} -c 'SHOW data_directory' -c 'SELECT count(*) FROM rows'`,
        is: /^\/persist\/postgres-data\n200\n/,
      }),
    1500_000,
  );
});
