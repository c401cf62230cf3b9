import { claimName } from '../../runbook/index.ts';
import { quoteWord } from '../../runbook/command.ts';
import type { DoctorFinding } from '../../render/documents/doctor.ts';
import { isOver } from '../../journal/state.ts';
import { journalFindings } from './journal-findings.ts';
import type { FileFact, RunFacts } from './run-facts.ts';
import { stepFindings } from './step-findings.ts';

/** What the facts about a run mean, in plain words. */
export function runFindings(facts: RunFacts): readonly DoctorFinding[] {
  return [
    ...journalFindings(facts),
    ...stepFindings(facts),
    ...lockFindings(facts),
    ...childFindings(facts),
    ...claimFindings(facts),
    ...fileFindings(
      'sources',
      facts.sources,
      'Undos that are code may not be had; those that are data are in the journal.',
    ),
    ...fileFindings(
      'files',
      facts.files,
      'Whatever verifies against it will refuse. Restore it, or begin the step that made it anew.',
    ),
    ...undoScriptFindings(facts),
  ];
}

function lockFindings({ place, lock, state }: RunFacts): DoctorFinding[] {
  const about = 'lock';
  if (lock === undefined) return [{ about, verdict: 'sound', says: 'nobody works on it' }];
  if ('unreadable' in lock) {
    return [
      {
        about,
        verdict: 'damaged',
        says: lock.unreadable,
        do: `When no migrate runs: rm ${quoteWord(place.folder)}/lock.*`,
      },
    ];
  }
  const { pid, command, since, host } = lock.owner;
  const owner = `process ${pid} (${command}), since ${since}`;
  if (lock.standing === 'alive') return [{ about, verdict: 'sound', says: `held by ${owner}` }];
  if (lock.standing === 'dead') {
    const over = state !== undefined && isOver(state);
    return [
      {
        about,
        verdict: 'sound',
        says: `left by ${owner}, which was killed or lost its power${over ? '' : '; the next process takes it over'}`,
      },
    ];
  }
  return [
    {
      about,
      verdict: 'in-doubt',
      says: `held by ${owner}, on ${host}: in another container or on another machine, so whether it lives cannot be told`,
      do: 'Look there. Only when it is certainly gone, delete the lock file with the highest number.',
    },
  ];
}

function childFindings({ orphans }: RunFacts): DoctorFinding[] {
  return orphans.map(({ identity, argv }) => ({
    about: 'children',
    verdict: 'in-doubt',
    says: `process ${identity.pid} of an earlier attempt still lives: ${argv.map(quoteWord).join(' ')}`,
    do: 'The next resume or rollback ends it, or waits for it, before anything begins.',
  }));
}

function claimFindings({ state, claims, place }: RunFacts): DoctorFinding[] {
  const about = 'claims';
  if (state === undefined || state.claims.length === 0) return [];
  if (isOver(state)) {
    if (claims === undefined || state.status === 'moved') return [];
    return [
      {
        about,
        verdict: 'in-doubt',
        says: `the run is ${state.status} and still holds its claims`,
        do: 'A process was killed between the end and the release. The next run that needs them frees them.',
      },
    ];
  }
  const held = new Set(claims?.claims.map(claimName));
  const missing = state.claims.map(claimName).filter((name) => !held.has(name));
  if (missing.length > 0) {
    return [
      {
        about,
        verdict: 'in-doubt',
        says: `not held, so that another run may take it: ${missing.join(', ')}`,
        do: `migrate resume ${place.id} takes it again, unless another run holds it by now.`,
      },
    ];
  }
  return [{ about, verdict: 'sound', says: `held: ${state.claims.map(claimName).join(', ')}` }];
}

function fileFindings(
  about: 'sources' | 'files',
  files: readonly FileFact[],
  meaning: string,
): DoctorFinding[] {
  const bad = files.filter(({ is }) => is !== 'as-recorded');
  if (bad.length === 0) {
    const what =
      about === 'sources' ? 'files of the runbook are kept' : 'files that the steps refer to are there';
    return files.length === 0
      ? []
      : [{ about, verdict: 'sound', says: `${files.length} ${what}, as they were recorded` }];
  }
  return bad.map(({ path, is }) => ({
    about,
    verdict: 'in-doubt',
    says: `${path} is ${is === 'missing' ? 'missing' : 'not what was recorded'}`,
    do: meaning,
  }));
}

function undoScriptFindings(facts: RunFacts): DoctorFinding[] {
  const { state, place, hasUndoScript, undoneByScript } = facts;
  const about = 'undo.sh';
  if (state === undefined || isOver(state)) return [];
  const begun = state.nodes.some(({ id }) => state.steps.get(id)?.intent !== undefined);
  if (!hasUndoScript) {
    if (!begun) return [];
    return [
      {
        about,
        verdict: 'in-doubt',
        says: 'it is missing, so that nothing takes the run back when migrate does not start',
        do: 'It is written anew before the next step begins. Until then: docs/recovery-by-hand.md',
      },
    ];
  }
  if (undoneByScript) {
    return [
      {
        about,
        verdict: 'in-doubt',
        says: 'it was run by hand, and the journal does not know yet what it has undone',
        do: `migrate rollback ${place.id} records it and goes on back.`,
      },
    ];
  }
  return [
    {
      about,
      verdict: 'sound',
      says: `for a machine on which migrate does not start: sh ${quoteWord(place.folder)}/undo.sh`,
    },
  ];
}
