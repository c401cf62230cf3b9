import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation, type Finding } from '../../runbook/index.ts';
import type { LookedAt } from '../../sqlite/index.ts';
import { givenNow, type Asking, type Given } from '../health/measure.ts';
import { lookAtDatabases, sqliteInput, type SqliteInput } from './look-at-databases.ts';
import { sqliteVerdict } from './sqlite-verdict.ts';

const hints: Readonly<Record<string, string>> = {
  'sqlite.damaged':
    'Old damage surfaces only when it is read: look in the backups for the last sound one before you go on.',
  'sqlite.empty':
    'If the service was started on an empty folder, its data lies elsewhere: look beneath mounts.',
  'sqlite.too-few': 'See whether its dataset is mounted; atLeast says how many there must be.',
  'sqlite.in-use': 'Stop the service, or say service: running.',
  'sqlite.no-space': 'Name a folder with more room: scratch.',
};

/**
 * Reads every SQLite database of a service wholly (`integrity_check`, `foreign_key_check`), without writing
 * anything beside them, not even the files that SQLite makes itself.
 *
 * Input: `folder`, `databases`, `exclude`; `service`: whether it is stopped or running; `scratch`; `atLeast`;
 * `brokenReferences`. Output: what was found of each.
 * @throws StepError `sqlite.no-folder`, `sqlite.too-few`, `sqlite.failed`, and by the worst of them
 *   `sqlite.damaged`, `sqlite.missing`, `sqlite.empty`, `sqlite.not-a-database`, `sqlite.in-use`,
 *   `sqlite.no-space`, `sqlite.unreadable`, `sqlite.broken-references`
 */
export const sqliteCheck = operation({
  operation: 'sqlite-check',
  version: 1,
  reversal: 'readonly',
  input: sqliteInput,
  output: z.object({
    databases: z.array(
      z.object({
        path: z.string(),
        bytes: z.number(),
        standing: z.enum(['sound', 'unjudged']),
        problems: z.array(z.string()),
        brokenReferences: z.number(),
        tables: z.number(),
        readBy: z.string(),
      }),
    ),
  }),
  idempotent: true,
  describe: ({ input }) =>
    `read every SQLite database ${input.folder === undefined ? `of ${input.databases?.join(', ')}` : `in ${input.folder}`} wholly: integrity_check, foreign_key_check`,
  run: async ({ host, run, input, log, signal }) => {
    const looked = await lookAtDatabases({ host, run, signal }, input);
    const { verdict, code, observed } = sqliteVerdict(looked, input);
    if (verdict === 'FAIL' || verdict === 'BLOCKED') throw new StepError(code, observed, hints[code]);
    if (verdict === 'PARTIAL') log(observed);
    return { databases: looked.map(sound) };
  },
});

function sound(looked: LookedAt) {
  return {
    ...looked,
    standing: looked.standing === 'unjudged' ? ('unjudged' as const) : ('sound' as const),
    problems: [...looked.problems],
  };
}

/** The same as a check: PARTIAL for what only the service can read and for broken references, BLOCKED for what cannot be read. */
export function sqliteSound<Params, Outputs>(
  given: Given<SqliteInput, Params, Outputs>,
): { readonly expect: string; readonly run: (context: Asking<Params, Outputs>) => Promise<Finding> } {
  return {
    expect: 'every SQLite database is sound',
    run: async (context) => {
      const input = sqliteInput.parse(givenNow(given, context));
      const looked = await lookAtDatabases(context, input);
      const { verdict, observed } = sqliteVerdict(looked, input);
      const databases = looked.map((each) => ({ ...each, problems: [...each.problems] }));
      return { verdict, observed, evidence: { databases } };
    },
  };
}
