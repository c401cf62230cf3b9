import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation, type Finding, type Host } from '../../runbook/index.ts';
import { givenNow, type Asking, type Given } from '../health/measure.ts';
import { entryText, entryTime, journalEntries, sinceArgument } from '../units/journal.ts';
import { unitName } from '../units/unit-state.ts';

export const journalInput = z.strictObject({
  unit: unitName,
  /** ISO 8601, such as the start of the run or what an earlier step gave. */
  since: z.iso.datetime({ offset: true }),
  /** From which priority on; `err` when left out. */
  priority: z.enum(['emerg', 'alert', 'crit', 'err', 'warning']).optional(),
  /** Regular expressions for messages that are known to do no harm. */
  ignore: z
    .array(
      z.string().refine((text) => compiles(text), {
        error: ({ input }) => `${JSON.stringify(input)} is no regular expression`,
      }),
    )
    .readonly()
    .optional(),
});
export type JournalInput = z.input<typeof journalInput>;

/** Messages beyond these are counted and not shown. */
const shown = 5;

interface Heard {
  readonly errors: number;
  readonly ignored: number;
  /** The first few, each with its time. */
  readonly messages: readonly string[];
}

/**
 * What a unit, or systemd about it, wrote to the journal since a moment that is an error.
 * @throws StepError `probe.journal` when the journal cannot be read as a whole
 */
async function hear(
  host: Host,
  { unit, since, priority = 'err', ignore = [] }: JournalInput,
): Promise<Heard> {
  const from = Date.parse(since);
  const asked = [`--unit=${unit}`, `--priority=${priority}`, sinceArgument(from)];
  // journalctl takes whole seconds alone.
  const entries = (await journalEntries(host, asked)).filter((entry) => !(entryTime(entry) < from));
  const patterns = ignore.map((text) => new RegExp(text));
  const errors = entries.filter((entry) => !patterns.some((pattern) => pattern.test(entryText(entry))));
  const messages = errors.slice(0, shown).map((entry) => {
    const at = entryTime(entry);
    return `${Number.isNaN(at) ? '' : `${new Date(at).toISOString()} `}${entryText(entry)}`;
  });
  return { errors: errors.length, ignored: entries.length - errors.length, messages };
}

function saidOf(unit: string, since: string, { errors, ignored, messages }: Heard): string {
  const left = ignored === 0 ? '' : ` (${ignored} known ones left out)`;
  if (errors === 0) return `no errors of ${unit} since ${since}${left}`;
  const more = errors > messages.length ? `\nand ${errors - messages.length} more` : '';
  return `${errors === 1 ? 'an error' : `${errors} errors`} of ${unit} since ${since}${left}:\n${messages.join('\n')}${more}`;
}

/**
 * No errors of a unit in the journal since a moment. For a soak, there is `unitErrors`.
 *
 * Input: `unit`, `since`, `priority`, `ignore`. Output: `ignored`, how many were known ones.
 * @throws StepError `journal.errors`, `probe.journal`
 */
export const journalQuiet = operation({
  operation: 'journal-quiet',
  version: 1,
  reversal: 'readonly',
  input: journalInput,
  output: z.object({ ignored: z.number() }),
  idempotent: true,
  describe: ({ input }) =>
    `see that ${input.unit} has written no ${input.priority ?? 'err'} to the journal since ${input.since}`,
  run: async ({ host, input }) => {
    const heard = await hear(host, input);
    if (heard.errors === 0) return { ignored: heard.ignored };
    throw new StepError(
      'journal.errors',
      saidOf(input.unit, input.since, heard),
      `See: journalctl -u ${input.unit} -p ${input.priority ?? 'err'}. What does no harm can be left out: ignore.`,
    );
  },
});

/** The same as a check; BLOCKED where the journal cannot be read as a whole. */
export function journalIsQuiet<Params, Outputs>(
  given: Given<JournalInput, Params, Outputs>,
): { readonly expect: string; readonly run: (context: Asking<Params, Outputs>) => Promise<Finding> } {
  return {
    expect: 'no errors in the journal',
    run: async (context) => {
      const input = journalInput.parse(givenNow(given, context));
      try {
        const heard = await hear(context.host, input);
        const observed = saidOf(input.unit, input.since, heard);
        const evidence = { errors: heard.errors, ignored: heard.ignored, messages: [...heard.messages] };
        return { verdict: heard.errors === 0 ? 'PASS' : 'FAIL', observed, evidence };
      } catch (thrown) {
        if (thrown instanceof StepError && thrown.code === 'probe.journal') {
          return { verdict: 'BLOCKED', observed: `${thrown.message}\n${thrown.hint ?? ''}` };
        }
        throw thrown;
      }
    },
  };
}

function compiles(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
