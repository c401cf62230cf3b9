import { collectedBy, type Entry } from './builder.ts';

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

/** Puts the steps of fragments in their place, with their ids and needs prefixed. */
export function flatten(entries: readonly Entry[], problems: string[]): PlacedEntry[] {
  return entries.flatMap((entry) => {
    if (entry.kind === 'use') return placeFragment(entry, problems);
    const definition = entry.definition;
    if (typeof definition !== 'object' || definition === null) {
      problems.push(`step "${String(entry.id)}" has no definition`);
      return [];
    }
    const needs = needsOf(definition);
    return [
      {
        kind: entry.kind,
        id: String(entry.id),
        phase: entry.phase,
        needs,
        outputNames: Object.fromEntries(needs.map((need) => [need, need])),
        definition: definition as Record<string, unknown>,
      },
    ];
  });
}

function placeFragment(entry: Entry, problems: string[]): PlacedEntry[] {
  const { fragment, options } = entry.definition as {
    fragment: unknown;
    options: { prefix: string; needs?: string[] };
  };
  const collected = collectedBy(fragment);
  if (collected === undefined || collected.id !== undefined) {
    problems.push(
      `.use(…, { prefix: "${options.prefix}" }) was not given a fragment made with fragment({ … })`,
    );
    return [];
  }
  const rename = (id: string) => `${options.prefix}-${id}`;
  return flatten(collected.entries, problems).map((inner) => {
    const needs = inner.needs.map(rename);
    return {
      ...inner,
      id: rename(inner.id),
      phase: inner.phase ?? entry.phase,
      needs: needs.length > 0 ? needs : (options.needs ?? []),
      outputNames: Object.fromEntries(
        inner.needs.map((need) => [rename(need), inner.outputNames[need] ?? need]),
      ),
      definition: Array.isArray(inner.definition['fresh'])
        ? { ...inner.definition, fresh: inner.definition['fresh'].map((id) => rename(String(id))) }
        : inner.definition,
    };
  });
}

function needsOf(definition: object): string[] {
  const needs = 'needs' in definition ? definition.needs : undefined;
  return Array.isArray(needs) ? needs.map(String) : [];
}
