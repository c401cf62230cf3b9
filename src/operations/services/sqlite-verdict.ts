import type { Finding } from '../../runbook/index.ts';
import type { LookedAt, Standing } from '../../sqlite/index.ts';
import type { SqliteInput } from './look-at-databases.ts';

export interface SqliteVerdict {
  readonly verdict: Finding['verdict'];
  /** Of the error, where it is one. */
  readonly code: string;
  readonly observed: string;
}

/** From bad to good: what is lost, what nobody knows, what only its service can read. */
const verdicts: Readonly<Record<Standing, Finding['verdict']>> = {
  damaged: 'FAIL',
  missing: 'FAIL',
  empty: 'FAIL',
  'not-a-database': 'FAIL',
  'in-use': 'BLOCKED',
  'no-space': 'BLOCKED',
  unreadable: 'BLOCKED',
  unjudged: 'PARTIAL',
  sound: 'PASS',
};

const codes: Readonly<Record<Standing, string>> = {
  damaged: 'sqlite.damaged',
  missing: 'sqlite.missing',
  empty: 'sqlite.empty',
  'not-a-database': 'sqlite.not-a-database',
  'in-use': 'sqlite.in-use',
  'no-space': 'sqlite.no-space',
  unreadable: 'sqlite.unreadable',
  unjudged: 'sqlite.unjudged',
  sound: 'sqlite.sound',
};

const order: readonly Finding['verdict'][] = ['FAIL', 'BLOCKED', 'PARTIAL', 'PASS'];

/** What the databases that were looked at come to, the worst first. */
export function sqliteVerdict(
  looked: readonly LookedAt[],
  { atLeast = 1, brokenReferences = 'tell' }: Pick<SqliteInput, 'atLeast' | 'brokenReferences'>,
): SqliteVerdict {
  if (looked.length < atLeast) {
    const observed =
      looked.length === 0
        ? 'there is no database'
        : `there are ${looked.length} databases, of at least ${atLeast}`;
    return { verdict: 'FAIL', code: 'sqlite.too-few', observed };
  }
  const told = looked.map((each) => tellOf(each, brokenReferences));
  const worst = order.find((verdict) => told.some((each) => each.verdict === verdict)) ?? 'PASS';
  const those = told.filter((each) => each.verdict === worst);
  const observed =
    worst === 'PASS'
      ? `${looked.length} ${looked.length === 1 ? 'database is' : 'databases are'} sound`
      : those.map(({ said }) => said).join('\n');
  return { verdict: worst, code: those[0]?.code ?? codes.sound, observed };
}

function tellOf(
  { path, standing, problems, brokenReferences }: LookedAt,
  references: 'tell' | 'refuse',
): { verdict: Finding['verdict']; code: string; said: string } {
  if (standing !== 'sound') {
    const why = problems.length === 0 ? '' : `: ${problems.join('; ')}`;
    return { verdict: verdicts[standing], code: codes[standing], said: `${path}: ${words[standing]}${why}` };
  }
  if (brokenReferences === 0) return { verdict: 'PASS', code: codes.sound, said: `${path} is sound` };
  return {
    verdict: references === 'refuse' ? 'FAIL' : 'PARTIAL',
    code: 'sqlite.broken-references',
    said: `${path}: ${brokenReferences} rows refer to one that is not there`,
  };
}

const words: Readonly<Record<Standing, string>> = {
  damaged: 'it is damaged',
  missing: 'it is not there',
  empty: 'it is an empty file, as a service makes one anew',
  'not-a-database': 'it is no SQLite database',
  'in-use': 'its service is not stopped',
  'no-space': 'there is no room for a copy of it',
  unreadable: 'it cannot be read',
  unjudged: 'it is sound as far as it can be read here',
  sound: 'it is sound',
};
