import type { Operator } from '../../engine/index.ts';
import type { Json } from '../../runbook/index.ts';
import { allowedBy } from '../parameters/allowed.ts';
import { schemaAt, type ValueSchema } from '../parameters/schema.ts';
import { readValue } from '../parameters/value.ts';
import type { Prompts } from './prompts.ts';

export interface OperatorOptions {
  /** `--yes`: agrees to `confirm` gates. */
  readonly yes: boolean;
  /** Steps named by `--accept-irreversible`. */
  readonly accepted: readonly string[];
  /** Asks whoever is at the terminal; `undefined` when nobody can be asked. */
  readonly prompts: Prompts | undefined;
  /** What a gate wants to know, by step. */
  readonly inputSchema: (step: string) => ValueSchema;
}

/** The person at the terminal, or what they said in advance on the command line. */
export function operatorOf({ yes, accepted, prompts, inputSchema }: OperatorOptions): Operator {
  return {
    async confirm(step, question, kind) {
      if (kind === 'confirm' && yes) return 'flag';
      if (prompts === undefined) return 'absent';
      const answer =
        kind === 'manual'
          ? await prompts.choose(question, 'It is done', `Not yet: stop here and go on later`)
          : await prompts.agree(`${step}: ${question}`);
      return answer === undefined ? 'absent' : answer ? 'yes' : 'no';
    },

    async acceptIrreversible(step, why) {
      if (accepted.includes(step)) return 'flag';
      if (prompts === undefined) return 'absent';
      const phrase = phraseFor(step);
      const typed = await prompts.text(
        `"${step}" cannot be undone: ${why}\nType "${phrase}" to go on, anything else to stop here.`,
      );
      if (typed === undefined) return 'absent';
      return typed.trim() === phrase ? 'phrase' : 'no';
    },

    async stillThere(step, question, until) {
      if (prompts === undefined) return 'absent';
      const answer = await prompts.choose(
        `${step}: ${question}`,
        'Yes, I can reach it: leave it so',
        'No: undo it now',
        until,
      );
      return answer === undefined ? 'absent' : answer ? 'yes' : 'no';
    },

    async laterWrites(step, question) {
      const answer = await prompts?.pick(`${step}: ${question}`, [
        { value: 'stop', label: 'Not yet: stop here, and change nothing' },
        { value: 'carry-back', label: 'Carry it back' },
        { value: 'drop', label: 'Drop it' },
      ]);
      return answer === 'carry-back' || answer === 'drop' ? answer : 'absent';
    },

    async soakStopped(step, unhealthy) {
      const answer = await prompts?.pick(`"${step}" is not healthy: ${unhealthy.join('; ')}`, [
        { value: 'stop', label: 'Stop here, and decide later' },
        { value: 'go-on', label: 'Go on soaking' },
        { value: 'rollback', label: 'Roll back now' },
      ]);
      return answer === 'rollback' || answer === 'go-on' || answer === 'stop' ? answer : 'absent';
    },

    async gateInput(step, fields) {
      if (prompts === undefined) return undefined;
      const given: Record<string, unknown> = {};
      for (const field of fields) {
        const schema = schemaAt(inputSchema(step), field) ?? {};
        const answer = await askFor(prompts, field, schema);
        if (answer === undefined) return undefined;
        if (!('left' in answer)) given[field] = answer.value;
      }
      return given;
    },
  };
}

/** What must be typed, in full, to consent to an irreversible step. */
export function phraseFor(step: string): string {
  return `${step} for good`;
}

type Answer = { readonly value: Json } | { readonly left: true };

async function askFor(prompts: Prompts, field: string, schema: ValueSchema): Promise<Answer | undefined> {
  const about = [schema.description, allowedBy(schema)].filter(Boolean).join('; ');
  const byDefault = schema.default === undefined ? '' : ` [${JSON.stringify(schema.default)}]`;
  const read = (text: string): Answer | undefined =>
    text === '' && schema.default !== undefined ? { left: true } : readValue(text, schema);
  const typed = await prompts.text(`${field} (${about})${byDefault}`, (text) =>
    read(text) === undefined ? `expected ${allowedBy(schema)}` : undefined,
  );
  return typed === undefined ? undefined : read(typed);
}
