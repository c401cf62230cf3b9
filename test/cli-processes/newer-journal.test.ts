import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checksumOf, encodeLine } from '../../src/journal/line.ts';
import { runsOf } from './journal-facts.ts';
import { migrate } from './migrate.ts';
import { newPlace, writeRunbook } from './place.ts';
import { allRefused } from './refusal.ts';

test(
  'a run with which a newer program has gone on is left alone by this one, which says so and changes nothing',
  { timeout: 120_000 },
  async () => {
    const place = newPlace();
    const file = writeRunbook(
      place,
      'waits.ts',
      `import { runbook } from 'migrate-runbook';
       export default runbook('waits', { summary: 's' }).confirm('go', { ask: 'Go?' });`,
    );
    expect(await migrate(place, 'run', file)).toMatchObject({ exit: 3 });
    const [run = ''] = runsOf(place);
    const journal = join(place.state, 'runs', run, 'journal.jsonl');
    const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
    const event = { v: 2, seq: lines.length + 1, at: '2031-01-01T00:00:00.000Z', type: 'run.teleported' };
    appendFileSync(journal, encodeLine(event as never, checksumOf(lines.at(-1) ?? '')));
    const says = [
      `${journal}, line ${lines.length + 1}: it was written by a newer migrate (journal version 2)`,
      'Use that version of migrate, or a later one; nothing was changed.',
    ];
    await allRefused(
      place,
      [
        { args: ['resume', run], exit: 6, says },
        { args: ['rollback', run, '--yes'], exit: 6, says },
      ],
      1,
    );
  },
);
