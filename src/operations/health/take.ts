import { messageOf, MigrateError } from '../../errors.ts';
import { firstLoss, type Json } from '../../runbook/index.ts';
import { checkedLimits, figureText, judge, type Level } from './judge.ts';
import type { Asking, Measure } from './measure.ts';

/** A measure that was taken, or could not be. */
export interface Taken {
  readonly level: Level;
  /** For a person: the figure, where it comes from, and why it is bad. */
  readonly observed: string;
  readonly evidence: Readonly<Record<string, Json>>;
}

/**
 * Takes a measure and judges it. What it throws is an answer too: unknown, with the reason. An interruption is
 * not: it says nothing of the world.
 */
export async function take<Params, Outputs>(
  measure: Measure<Params, Outputs>,
  context: Asking<Params, Outputs>,
): Promise<Taken> {
  const { name, unit } = checkedLimits(measure);
  try {
    const given: unknown = await measure.measure(context);
    const { value, observed, evidence } = asMeasured(given);
    const level = judge(measure, value);
    const figure = figureText(value, unit);
    return {
      level,
      observed: `${figure}${observed === '' ? '' : `: ${observed}`}`,
      evidence: {
        measure: name,
        // A sum, since a journal keeps no -0.
        value: Number.isFinite(value) ? value + 0 : 'never',
        unit,
        level,
        ...limitsOf(measure),
        ...(evidence !== undefined && firstLoss(evidence, '') === undefined ? evidence : {}),
      },
    };
  } catch (thrown) {
    context.signal.throwIfAborted();
    const hint = thrown instanceof MigrateError && thrown.hint !== undefined ? `\n${thrown.hint}` : '';
    return {
      level: 'unknown',
      observed: `${name} cannot be measured: ${messageOf(thrown)}${hint}`,
      evidence: { measure: name, unit, level: 'unknown', ...limitsOf(measure) },
    };
  }
}

function limitsOf({ warning, critical, worse }: Measure<never, never>): Record<string, Json> {
  return {
    ...(warning === undefined ? {} : { warning }),
    ...(critical === undefined ? {} : { critical }),
    ...(worse === undefined ? {} : { worse }),
  };
}

/** Nobody checked the types of a runbook's own measure. */
function asMeasured(given: unknown): { value: number; observed: string; evidence?: Record<string, Json> } {
  if (typeof given === 'number') return asMeasured({ value: given, observed: '' });
  const { value, observed, evidence } = (given ?? {}) as {
    value?: unknown;
    observed?: unknown;
    evidence?: object;
  };
  if (typeof value !== 'number' || Number.isNaN(value))
    throw new Error(`it gave ${text(given)}, and no number`);
  return {
    value,
    observed: typeof observed === 'string' ? observed : '',
    ...(evidence === undefined ? {} : { evidence: evidence as Record<string, Json> }),
  };
}

function text(given: unknown): string {
  return typeof given === 'object' && given !== null ? 'an object without a value' : String(given);
}
