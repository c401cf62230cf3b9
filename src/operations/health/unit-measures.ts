import { StepError } from '../../errors.ts';
import { durationMs, type Duration, type Host } from '../../runbook/index.ts';
import { entryText, journalEntries, sinceArgument } from '../units/journal.ts';
import { journalReachesBackTo, unitOutcomes, type UnitOutcome } from '../units/unit-outcomes.ts';
import { hoursSince } from './hours.ts';
import { givenNow, type Given, type Limits, type Measure } from './measure.ts';
import { thresholds } from './thresholds.ts';

/** A unit that does its work and ends, such as a backup, and how far back its journal is read. */
export interface UnitWithin {
  /** Its full name. */
  readonly unit: string;
  /** `30d` when left out. */
  readonly within?: Duration;
}

const defaultWithin = '30d';

/** Of the starts of a unit that have ended, how many in a hundred went well. */
export function backupSuccess<Params, Outputs>(
  given: Given<UnitWithin, Params, Outputs>,
  limits: Limits = thresholds.backupSuccess,
): Measure<Params, Outputs> {
  return {
    name: 'backups that succeed',
    ...limits,
    measure: async (context) => {
      const { unit, outcomes, within } = await look(context, given);
      if (outcomes.length === 0) {
        throw new StepError(
          'health.no-run',
          `${unit} has not ended once within ${within}`,
          'See whether its timer is enabled: systemctl list-timers',
        );
      }
      const good = outcomes.filter(({ result }) => result === 'succeeded').length;
      return {
        value: (100 * good) / outcomes.length,
        observed: `${good} of ${outcomes.length} runs of ${unit} within ${within} went well`,
        evidence: { succeeded: good, ended: outcomes.length },
      };
    },
  };
}

/** Days since a unit that tests a restore, or proves anything else, last went well. */
export function restoreTestAge<Params, Outputs>(
  given: Given<UnitWithin, Params, Outputs>,
  limits: Limits = thresholds.restoreTestAge,
): Measure<Params, Outputs> {
  return {
    name: 'age of the last good restore test',
    ...limits,
    measure: async (context) => {
      const { unit, outcomes, within, since } = await look(context, given, '100d');
      const last = outcomes.findLast(({ result }) => result === 'succeeded');
      if (last !== undefined) {
        return {
          value: hoursSince(context.host, last.at, `the last success of ${unit}`) / 24,
          observed: `${unit} went well at ${new Date(last.at).toISOString()}${failedSince(outcomes)}`,
        };
      }
      if (outcomes.length === 0 && !(await journalReachesBackTo(context.host, since))) {
        throw new StepError(
          'health.no-run',
          `no end of ${unit} is in the journal, which does not reach back ${within}`,
          'Keep the journal longer (SystemMaxUse in journald.conf), or run the test now.',
        );
      }
      return {
        value: Number.POSITIVE_INFINITY,
        observed: `${unit} has not gone well within ${within}${failedSince(outcomes)}`,
      };
    },
  };
}

/** How often a unit that tests a restore has failed since it last went well. */
export function restoreTestFailures<Params, Outputs>(
  given: Given<UnitWithin, Params, Outputs>,
  limits: Limits = thresholds.restoreTestFailures,
): Measure<Params, Outputs> {
  return failures('restore tests that failed', given, limits, '100d');
}

/** How often a preseed has failed since it last went well. */
export function preseedFailures<Params, Outputs>(
  given: Given<UnitWithin, Params, Outputs>,
  limits: Limits = thresholds.preseedFailures,
): Measure<Params, Outputs> {
  return failures('preseeds that failed', given, limits);
}

function failures<Params, Outputs>(
  name: string,
  given: Given<UnitWithin, Params, Outputs>,
  limits: Limits,
  otherwise: Duration = defaultWithin,
): Measure<Params, Outputs> {
  return {
    name,
    ...limits,
    measure: async (context) => {
      const { unit, outcomes, within } = await look(context, given, otherwise);
      const failed = failedAtEnd(outcomes);
      const last = outcomes.at(-1);
      return {
        value: failed,
        observed:
          last === undefined
            ? `${unit} has not ended once within ${within}`
            : `${unit} last ${last.result} at ${new Date(last.at).toISOString()}`,
        evidence: { ended: outcomes.length },
      };
    },
  };
}

export interface PreseedRuns extends UnitWithin {
  /** What it prints when it has restored something; without it each good run counts, also one with nothing to do. */
  readonly restored?: string;
}

/** How often a preseed has restored data: several times, and it goes missing again and again. */
export function preseedRuns<Params, Outputs>(
  given: Given<PreseedRuns, Params, Outputs>,
  limits: Limits = thresholds.preseedRuns,
): Measure<Params, Outputs> {
  return {
    name: 'restores by preseed',
    ...limits,
    measure: async (context) => {
      const { unit, within = defaultWithin, restored } = givenNow(given, context);
      const since = context.host.clock.now().wall - durationMs(within);
      const count =
        restored === undefined
          ? (await unitOutcomes(context.host, unit, since)).filter(({ result }) => result === 'succeeded')
              .length
          : (await journalEntries(context.host, [sinceArgument(since), `--unit=${unit}`])).filter((entry) =>
              entryText(entry).includes(restored),
            ).length;
      return { value: count, observed: `by ${unit} within ${within}` };
    },
  };
}

export interface StartsAfter {
  /** The service. */
  readonly unit: string;
  /** The unit that restores its data before it starts. */
  readonly preseed: string;
  readonly within?: Duration;
}

/** How often a service has failed since its preseed last went well: it was given data that it cannot use. */
export function failedStarts<Params, Outputs>(
  given: Given<StartsAfter, Params, Outputs>,
  limits: Limits = thresholds.failedStarts,
): Measure<Params, Outputs> {
  return {
    name: 'failed starts after preseed',
    ...limits,
    measure: async (context) => {
      const { unit, preseed, within = defaultWithin } = givenNow(given, context);
      const { host } = context;
      const since = host.clock.now().wall - durationMs(within);
      const seeded = (await unitOutcomes(host, preseed, since)).findLast(
        ({ result }) => result === 'succeeded',
      );
      if (seeded === undefined) {
        return { value: 0, observed: `${preseed} has not gone well once within ${within}` };
      }
      const starts = (await unitOutcomes(host, unit, since)).filter(({ at }) => at >= seeded.at);
      return {
        value: starts.filter(({ result }) => result === 'failed').length,
        observed: `of ${unit} since ${preseed} went well at ${new Date(seeded.at).toISOString()}`,
        evidence: { ended: starts.length },
      };
    },
  };
}

async function look<Params, Outputs>(
  context: Parameters<Measure<Params, Outputs>['measure']>[0],
  given: Given<UnitWithin, Params, Outputs>,
  otherwise: Duration = defaultWithin,
): Promise<{ unit: string; within: Duration; since: number; outcomes: readonly UnitOutcome[] }> {
  const { unit, within = otherwise } = givenNow(given, context);
  const host: Host = context.host;
  const since = host.clock.now().wall - durationMs(within);
  return { unit, within, since, outcomes: await unitOutcomes(host, unit, since) };
}

/** How many failed after the last that went well. */
export function failedAtEnd(outcomes: readonly UnitOutcome[]): number {
  const last = outcomes.findLastIndex(({ result }) => result === 'succeeded');
  return outcomes.length - 1 - last;
}

function failedSince(outcomes: readonly UnitOutcome[]): string {
  const failed = failedAtEnd(outcomes);
  return failed === 0 ? '' : `, and has failed ${failed === 1 ? 'once' : `${failed} times`} since`;
}
