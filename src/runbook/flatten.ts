import { z } from 'zod';
import { collectedBy, type Collected, type Entry } from './builder.ts';
import { readAs } from './read-as.ts';
import { shown } from './shown.ts';

/** A call of the chain with fragments resolved: its id and needs are those of the whole runbook. */
export interface PlacedEntry {
  readonly kind: Exclude<Entry['kind'], 'use'>;
  readonly id: string;
  readonly phase: string | undefined;
  readonly needs: readonly string[];
  /** By id in the runbook, the name under which the step's own functions know it. */
  readonly outputNames: Readonly<Record<string, string>>;
  readonly definition: Readonly<Record<string, unknown>>;
}

const useOptions = z.strictObject({
  prefix: z.string(),
  needs: z.array(z.string()).optional(),
  passes: z.array(z.string()).optional(),
});

/**
 * Puts the steps of fragments in their place, with their ids and needs prefixed.
 *
 * @param params names of the parameters that the runbook has, for what a fragment asks of it
 */
export function flatten(
  entries: readonly Entry[],
  params: readonly string[],
  problems: string[],
): PlacedEntry[] {
  return entries.flatMap((entry) => {
    if (entry.kind === 'use') return placeFragment(entry, params, problems);
    const { id, definition } = entry;
    if (typeof id !== 'string') {
      problems.push(`a ${entry.kind} has the id ${shown(id)}, which is no text`);
      return [];
    }
    if (typeof definition !== 'object' || definition === null) {
      problems.push(`step "${id}" has no definition`);
      return [];
    }
    const needs = needsOf(definition);
    return [
      {
        kind: entry.kind,
        id,
        phase: entry.phase,
        needs,
        outputNames: Object.fromEntries(needs.map((need) => [need, need])),
        definition: definition as Record<string, unknown>,
      },
    ];
  });
}

function placeFragment(entry: Entry, params: readonly string[], problems: string[]): PlacedEntry[] {
  const { fragment, options } = entry.definition as { fragment: unknown; options: unknown };
  const read = readAs(useOptions, options ?? {}, Object.keys(useOptions.shape));
  if (read.problems !== undefined) {
    problems.push(...read.problems.map((problem) => `.use(…): ${problem}`));
    return [];
  }
  const { prefix, needs: outerNeeds = [], passes = [] } = read.data;
  for (const id of passes) {
    if (!outerNeeds.includes(id))
      problems.push(`.use(…, { prefix: "${prefix}" }) passes the output of "${id}", which it does not need`);
  }
  const collected = collectedBy(fragment);
  if (collected === undefined || collected.id !== undefined) {
    problems.push(`.use(…, { prefix: "${prefix}" }) was not given a fragment made with fragment({ … })`);
    return [];
  }
  checkParams(collected, prefix, params, problems);
  const rename = (id: string) => `${prefix}-${id}`;
  return flatten(collected.entries, params, problems).map((inner) => {
    const needs = inner.needs.map(rename);
    const names = Object.entries(inner.outputNames).map(([id, name]) => [rename(id), name]);
    return {
      ...inner,
      id: rename(inner.id),
      phase: inner.phase ?? entry.phase,
      needs: needs.length > 0 ? needs : outerNeeds,
      // A step of its own of that name goes first.
      outputNames: Object.fromEntries([...passes.map((id) => [id, id]), ...names]),
      definition: Array.isArray(inner.definition['fresh'])
        ? { ...inner.definition, fresh: inner.definition['fresh'].map((id) => rename(asText(id))) }
        : inner.definition,
    };
  });
}

/** Only by name: whether their types agree is for the compiler to say. */
function checkParams(
  fragment: Collected,
  prefix: string,
  params: readonly string[],
  problems: string[],
): void {
  const { params: schema } = (fragment.options ?? {}) as { params?: z.ZodObject };
  for (const name of Object.keys(schema?.shape ?? {})) {
    if (!params.includes(name))
      problems.push(`the fragment at "${prefix}" needs the parameter "${name}", which this runbook lacks`);
  }
}

function needsOf(definition: object): string[] {
  const needs = 'needs' in definition ? definition.needs : undefined;
  return Array.isArray(needs) ? needs.map(asText) : [];
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : shown(value);
}
