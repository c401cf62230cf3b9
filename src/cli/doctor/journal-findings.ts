import { quoteWord } from '../../runbook/command.ts';
import type { DoctorFinding } from '../../render/documents/doctor.ts';
import type { RunFacts } from './run-facts.ts';

const about = 'journal';

/** Which lines of a journal can be believed, and what can be done about the others. */
export function journalFindings(facts: RunFacts): DoctorFinding[] {
  const { journal, place, state, lock } = facts;
  if ('unreadable' in journal) {
    return [{ about, verdict: 'damaged', says: journal.unreadable, do: byHand(facts) }];
  }
  const { events, torn, damage } = journal;
  const upTo = events.length === 1 ? 'line 1' : `lines 1 to ${events.length}`;
  if (damage !== undefined) {
    const trusted =
      events.length === 0
        ? 'No line of it can be believed.'
        : `What stands in ${upTo} is certain, up to ${events.at(-1)?.at}; whatever follows may have happened or not.`;
    return [
      {
        about,
        verdict: 'damaged',
        says: `damaged at line ${damage.line} (byte ${damage.offset}): ${damage.fault}. ${trusted}`,
        do: damage.newer ? 'Use that version of migrate, or a later one.' : byHand(facts),
      },
    ];
  }
  if (state !== undefined && state.run !== place.id) {
    return [
      {
        about,
        verdict: 'damaged',
        says: `it is the journal of another run: ${state.run}`,
        do: byHand(facts),
      },
    ];
  }
  const whole = `${upTo} are whole, the last of ${events.at(-1)?.at}`;
  if (torn === undefined)
    return [{ about, verdict: 'sound', says: whole.replace('line 1 are', 'line 1 is') }];
  const beingWritten = lock !== undefined && 'standing' in lock && lock.standing === 'alive';
  return [
    beingWritten
      ? { about, verdict: 'sound', says: `${whole}; another is being written` }
      : {
          about,
          verdict: 'in-doubt',
          says: `${whole}; after it stand ${torn.bytes} bytes of a line that was never acknowledged`,
          do: 'Nothing followed from it. The next resume or rollback cuts it off.',
        },
  ];
}

function byHand({ place, hasUndoScript }: RunFacts): string {
  const folder = quoteWord(place.folder);
  return [
    `Nothing goes on with this run. First keep what is there: cp -a ${folder} ELSEWHERE`,
    'Check the disk. With a backup of the journal that is whole, put it in its place, and delete journal.end beside it.',
    ...(hasUndoScript ? [`What was begun can be undone without migrate: sh ${folder}/undo.sh`] : []),
    'Else read the lines that can be believed and undo them by hand, latest first: docs/recovery-by-hand.md.',
  ].join('\n');
}
