import type { z } from 'zod';
import { definitionSchemas, type OperationStepDefinition, type StepDefinition } from './definition-schema.ts';
import type { PlacedEntry } from './flatten.ts';
import type { Node, StepBody, StepNode } from './node.ts';
import type { Reversal } from './operation.ts';
import { readAs } from './read-as.ts';

/** The node of one placed call, or `undefined` with the problems told. */
export function toNode(entry: PlacedEntry, problems: string[]): Node | undefined {
  const isOperation = entry.kind === 'step' && 'use' in entry.definition;
  const schema =
    entry.kind === 'step'
      ? definitionSchemas[isOperation ? 'operationStep' : 'inlineStep']
      : definitionSchemas[entry.kind];
  const read = readAs(schema as z.ZodObject, entry.definition, Object.keys(schema.shape));
  if (read.problems !== undefined) {
    problems.push(...read.problems.map((problem) => `step "${entry.id}": ${problem}`));
    return undefined;
  }
  // Not the parsed copy: an author's objects (schemas, operations) keep their identity.
  const definition = entry.definition as never;
  const base = {
    id: entry.id,
    phase: entry.phase,
    needs: entry.needs,
    outputNames: entry.outputNames,
    title: read.data['title'] ?? entry.id,
    when: read.data['when'],
    locks: read.data['locks'] ?? [],
    onFailure: read.data['onFailure'] ?? 'stop',
  } as Pick<Node, 'id' | 'phase' | 'needs' | 'outputNames' | 'title' | 'when' | 'locks' | 'onFailure'>;
  if (entry.kind === 'step') {
    return isOperation ? operationNode(base, definition, problems) : inlineNode(base, definition, problems);
  }
  const optional = { input: undefined, probe: undefined, verify: undefined };
  const soak =
    entry.kind === 'soak'
      ? {
          maxGap: read.data['maxGap'] ?? '10m',
          fresh: read.data['fresh'] ?? [],
          tolerate: read.data['tolerate'] ?? 0,
        }
      : {};
  return { ...optional, ...(definition as object), ...soak, ...base, kind: entry.kind } as unknown as Node;
}

type Base = Pick<Node, 'id' | 'phase' | 'needs' | 'outputNames' | 'title' | 'when' | 'locks' | 'onFailure'>;

function inlineNode(base: Base, definition: StepDefinition, problems: string[]): StepNode | undefined {
  const said = (['undo', 'irreversible', 'readonly', 'undecided'] as const).filter(
    (key) => definition[key] !== undefined,
  );
  if (said.length !== 1) {
    problems.push(
      said.length === 0
        ? `step "${base.id}" does not say how it is undone: give undo, or irreversible: 'why', or readonly: true`
        : `step "${base.id}" says ${said.join(' and ')}; it can be only one`,
    );
    return undefined;
  }
  const body = definition as unknown as StepBody;
  const { undecided } = definition;
  const reversal: Reversal = said[0] === 'undecided' ? 'irreversible' : (said[0] as Reversal);
  const sound = checkBody(base.id, body, problems);
  if (!canGoBack(base.id, definition, reversal, problems) || !sound) return undefined;
  return {
    ...base,
    kind: 'step',
    reversal,
    irreversible: undecided === undefined ? definition.irreversible : `not decided yet: ${undecided}`,
    undecided,
    effective: definition.effective ?? 'now',
    confirmWithin: definition.confirmWithin as StepNode['confirmWithin'],
    body,
    undo: definition.undo as StepNode['undo'],
    undoNeeds: (definition.undoNeeds ?? []) as unknown as StepNode['undoNeeds'],
    operation: undefined,
  };
}

function operationNode(
  base: Base,
  definition: OperationStepDefinition,
  problems: string[],
): StepNode | undefined {
  const { use } = definition;
  const reversal: Reversal = definition.irreversible === undefined ? use.reversal : 'irreversible';
  if (use.reversal === 'irreversible' && definition.irreversible === undefined) {
    problems.push(
      `step "${base.id}" uses ${use.operation}, which cannot be undone: say what is lost with irreversible: 'why'`,
    );
    return undefined;
  }
  if (use.reversal === 'undo' && use.undo === undefined) {
    problems.push(`step "${base.id}" uses ${use.operation}, which says it can be undone and has no undo`);
    return undefined;
  }
  const { retry = use.retry, timeout = use.timeout } = definition;
  const body = { ...use, retry, timeout } as unknown as StepBody;
  const sound = checkBody(base.id, body, problems);
  if (!canGoBack(base.id, definition, reversal, problems) || !sound) return undefined;
  return {
    ...base,
    kind: 'step',
    reversal,
    irreversible: definition.irreversible,
    undecided: undefined,
    effective: definition.effective ?? 'now',
    confirmWithin: definition.confirmWithin as StepNode['confirmWithin'],
    body,
    undo: reversal === 'undo' ? (use.undo as StepNode['undo']) : undefined,
    undoNeeds: reversal === 'undo' ? ((use.undoNeeds ?? []) as unknown as StepNode['undoNeeds']) : [],
    operation: {
      name: use.operation,
      version: use.version,
      input: use.input,
      with: definition.with as never,
    },
  };
}

function canGoBack(
  id: string,
  { confirmWithin }: { readonly confirmWithin?: unknown },
  reversal: Reversal,
  problems: string[],
): boolean {
  if (confirmWithin === undefined || reversal === 'undo') return true;
  const why = reversal === 'readonly' ? 'it only reads' : 'it is irreversible';
  problems.push(
    `step "${id}" has confirmWithin, which undoes it when nobody confirms, and it has no undo: ${why}`,
  );
  return false;
}

function checkBody(id: string, body: StepBody, problems: string[]): boolean {
  const before = problems.length;
  if ((body.commands === undefined) === (body.run === undefined)) {
    problems.push(
      `step "${id}" must have either commands or run${body.run === undefined ? '' : ', not both'}`,
    );
  }
  if (body.commands !== undefined && body.describe !== undefined) {
    problems.push(`step "${id}" has commands, which speak for themselves, and a describe as well`);
  }
  if (body.run !== undefined && body.result !== undefined) {
    problems.push(`step "${id}" has run, which gives the output itself, and a result as well`);
  }
  if (body.run !== undefined && body.describe === undefined) {
    problems.push(`step "${id}" has run, and does not describe what it will do`);
  }
  if (body.commands !== undefined && body.output !== undefined && body.result === undefined) {
    problems.push(`step "${id}" has commands and an output, and no result that reads the one from the other`);
  }
  if (body.result !== undefined && body.output === undefined) {
    problems.push(`step "${id}" has a result and no output schema`);
  }
  return problems.length === before;
}
