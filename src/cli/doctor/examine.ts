import { MigrateError } from '../../errors.ts';
import { systemClock } from '../../host/clock.ts';
import { listRuns, type RunFolder } from '../../host/runs.ts';
import { isOver } from '../../journal/state.ts';
import type { DoctorDocument, DoctorFinding, DoctorRun, Verdict } from '../../render/documents/doctor.ts';
import { isOf, mayBeOf, runsNamed } from '../runs/known-run.ts';
import type { Places } from '../runs/places.ts';
import { isDamaged, lookAtRun, runbookOf } from '../runs/surveyed-runs.ts';
import { noticeFindings } from './notice-findings.ts';
import { folderFindings, readAllClaims } from './folder-findings.ts';
import { runFacts, type RunFacts } from './run-facts.ts';
import { runFindings } from './run-findings.ts';
import { lastDone } from './step-findings.ts';

/**
 * Looks at runs and at where they are kept; changes nothing.
 *
 * @param name a run, or its runbook; every run, and the claims of the machine, when left out
 * @throws UsageError `run.unknown`
 */
export async function examine(places: Places, name: string | undefined): Promise<DoctorDocument> {
  const unfinishedCopy = await whyUnlisted(places);
  const wanted = unfinishedCopy === undefined ? await placesNamed(places, name) : [];
  const { claims, findings } = await readAllClaims(places);
  const facts = await Promise.all(wanted.map((place) => runFacts(place, claims)));
  const open = facts.flatMap(({ state }) => (state === undefined || isOver(state) ? [] : state.claims));
  const folder = [
    ...(await folderFindings(places, open)),
    ...(await noticeFindings(places.state, systemClock.now().wall)),
    ...(unfinishedCopy ?? []),
  ];
  const runs = facts.map(runDocument);
  const machine = name === undefined ? [...findings] : [];
  const verdicts = [...runs, ...folder, ...machine].map(({ verdict }) => verdict);
  return {
    type: 'doctor',
    verdict: worst(verdicts),
    stateFolder: { folder: places.state, findings: folder },
    runs,
    claims: machine,
  };
}

function runDocument(facts: RunFacts): DoctorRun {
  const { place, state, events } = facts;
  const findings = [...runFindings(facts)];
  return {
    run: place.id,
    folder: place.folder,
    runbook: state?.runbook ?? runbookOf({ place, state }) ?? null,
    status: state?.status ?? null,
    trustedLines: events.length,
    lastDone: lastDone(facts),
    verdict: worst(findings.map(({ verdict }) => verdict)),
    findings,
  };
}

function worst(verdicts: readonly Verdict[]): Verdict {
  return (['damaged', 'in-doubt'] as const).find((verdict) => verdicts.includes(verdict)) ?? 'sound';
}

async function whyUnlisted({ state }: Places): Promise<DoctorFinding[] | undefined> {
  try {
    await listRuns(state);
    return undefined;
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    return [
      { about: 'runs', verdict: 'damaged', says: error.message, ...(error.hint && { do: error.hint }) },
    ];
  }
}

async function placesNamed({ state }: Places, name: string | undefined): Promise<readonly RunFolder[]> {
  const all = await listRuns(state);
  const exact = all.filter(({ id }) => id === name);
  if (name === undefined || exact.length > 0) return name === undefined ? all : exact;
  const runs = (await Promise.all(all.map(lookAtRun))).filter((run) => run !== undefined);
  const meant = runs.filter((run) => (isDamaged(run) ? mayBeOf(run, name) : isOf(run, name)));
  return meant.length > 0
    ? meant.map(({ place }) => place)
    : (await runsNamed(state, name, 'latest')).map(({ place }) => place);
}
