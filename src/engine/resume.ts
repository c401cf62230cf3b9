import type { z } from 'zod';
import { MigrateError, UsageError, exitCodes } from '../errors.ts';
import type { EventOf } from '../journal/event.ts';
import type { RunState } from '../journal/state.ts';
import { difference, type Change } from '../plan/difference.ts';
import { fingerprintOf, recordNodes } from '../plan/fingerprint.ts';
import type { Runbook } from '../runbook/index.ts';
import { record, type Session } from './session.ts';

/**
 * Records that a process goes on with the run.
 * @param tools the programs of the runbook whose version is another than the run last knew
 */
export async function recordResume(
  session: Session,
  tools: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { host } = session.ports;
  await record(session, {
    type: 'run.resumed',
    process: await host.self(),
    boot: await host.boot(),
    clocks: host.clock.now(),
    ...(session.unattended === undefined ? {} : { unattended: session.unattended }),
    ...(Object.keys(tools).length === 0 ? {} : { tools: { ...tools } }),
  });
}

/** The sources of a runbook at hand, to be pinned when it is not the one that the run began with. */
export interface Pin {
  readonly source: NonNullable<EventOf<'run.changed'>['source']>;
  /** Those of them whose text is another than the run last knew. */
  readonly edited: readonly string[];
  /** Keeps a copy of them, durably; gives the name under which it lies. */
  readonly keep: (fingerprint: string) => Promise<string>;
}

/**
 * Compares the runbook at hand with what the run pinned, and pins the change when it may go on.
 *
 * @param accept go on although something that is already done or begun has changed
 * @param pin its sources; a step that begins from now on is undone by their code
 * @throws MigrateError `runbook.changed` with every change, when it may not; UsageError `runbook.other`
 *   for a runbook of another name, `runbook.params` when it asks for a parameter that the run lacks
 */
export async function acceptRunbook(
  session: Session,
  runbook: Runbook,
  accept: boolean,
  pin?: Pin,
): Promise<readonly Change[]> {
  const { state } = session;
  mustBeSameRunbook(state, runbook);
  mustHaveParams(state, runbook);
  const nodes = recordNodes(runbook, state.params, storedOutputs(state));
  const changes = difference(state, nodes);
  if (changes.length === 0 && (pin === undefined || pin.edited.length === 0)) return changes;
  const touching = changes.filter(({ touchesDone }) => touchesDone);
  const list = changes.map(({ says, touchesDone }) => `  ${touchesDone ? '!' : '-'} ${says}`).join('\n');
  if (touching.length > 0 && !accept) {
    throw new MigrateError(
      'runbook.changed',
      `the runbook was edited since ${state.run} began, and the edit touches what is done:\n${list}`,
      {
        exitCode: exitCodes.usage,
        hint: [
          `Put the runbook back as it was; it lies in ${session.folder}/sources`,
          `Or go on all the same: migrate resume ${state.run} --accept-changes`,
        ].join('\n'),
      },
    );
  }
  const fingerprint = fingerprintOf(nodes);
  const kept = await pin?.keep(fingerprint);
  const says = changes.map((change) => change.says);
  await record(session, {
    type: 'run.changed',
    nodes,
    fingerprint,
    // A step that begins from now on is undone by the code as it reads now, whether or not it means another.
    changes: says.length > 0 ? says : [`the text of ${pin?.edited.join(', ')}, and nothing of its meaning`],
    ...(pin === undefined ? {} : { source: { file: pin.source.file, files: { ...pin.source.files } } }),
    ...(kept === undefined ? {} : { kept }),
  });
  return changes;
}

/** What later steps will be given, as it was stored. */
function storedOutputs(state: RunState): ReadonlyMap<string, unknown> {
  return new Map(
    [...state.steps.values()]
      .filter(({ status, output }) => (status === 'done' || status === 'skipped') && output !== undefined)
      .map(({ id, output }) => [id, output]),
  );
}

/** @throws UsageError `runbook.other` */
export function mustBeSameRunbook(state: RunState, { id }: Pick<Runbook, 'id'>): void {
  if (id === state.runbook) return;
  throw new UsageError(
    'runbook.other',
    `${state.run} is a run of ${state.runbook}, and this file holds ${id}`,
    'Give the run its own runbook back; a renamed one needs a new run.',
  );
}

/** Parameters are pinned as they were parsed, so none can be added to a run that has begun. */
function mustHaveParams(state: RunState, runbook: Runbook): void {
  const pinned = new Set(Object.keys(state.params ?? {}));
  const missing = Object.entries(runbook.params.shape)
    .filter(([name]) => !pinned.has(name))
    .filter(([, schema]) => !(schema as z.ZodType).safeParse(undefined).success || hasDefault(schema))
    .map(([name]) => name);
  if (missing.length === 0) return;
  throw new UsageError(
    'runbook.params',
    `the runbook was edited since ${state.run} began, and asks for what the run did not pin: ${missing.join(', ')}`,
    'Put the runbook back as it was, make the new parameter .optional(), or end this run and begin another.',
  );
}

function hasDefault(schema: unknown): boolean {
  return (schema as z.ZodType).safeParse(undefined).data !== undefined;
}
