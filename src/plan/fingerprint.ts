import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { RecordedNode } from '../journal/event.ts';
import {
  durationMs,
  formatCommand,
  placeholder,
  sh,
  type Command,
  type Node,
  type Runbook,
  type SoakNode,
  type StepContext,
  type StepNode,
} from '../runbook/index.ts';

/**
 * What a run pins of its runbook, per step: everything that decides what a done step means. Titles,
 * phases and the text of functions do not; a change of those only warns, by the sources' hashes.
 */
export function recordNodes(runbook: Runbook, params: unknown): RecordedNode[] {
  return runbook.nodes.map((node) => ({
    id: node.id,
    kind: node.kind,
    title: node.title,
    ...(node.phase === undefined ? {} : { phase: node.phase }),
    needs: [...node.needs],
    reversal: node.kind === 'step' ? node.reversal : 'readonly',
    ...(node.kind === 'step' && node.irreversible !== undefined ? { irreversible: node.irreversible } : {}),
    effective: node.kind === 'step' ? node.effective : 'now',
    fingerprint: hash(meaning(node, params)),
  }));
}

/** The fingerprint of a whole graph. */
export function fingerprintOf(nodes: readonly RecordedNode[]): string {
  return hash(nodes.map((node) => [node.id, node.needs, node.fingerprint]));
}

function meaning(node: Node, params: unknown): unknown {
  const base = { kind: node.kind, locks: node.locks };
  switch (node.kind) {
    case 'step':
      return { ...base, ...stepMeaning(node, params) };
    case 'check':
      return { ...base, expect: node.expect };
    case 'soak':
      return {
        ...base,
        min: soakLimit(node, node.min, params),
        max: soakLimit(node, node.max, params),
        maxGap: node.maxGap,
        fresh: node.fresh,
        probes: node.probes.map(({ name, counter, lasts = 'boot' }) =>
          counter === undefined ? name : { name, lasts },
        ),
        ...(node.tolerate === 0 ? {} : { tolerate: node.tolerate }),
      };
    case 'confirm':
    case 'manual':
      return { ...base, input: schemaMeaning(node.input) };
    case 'reboot':
      return base;
  }
}

function soakLimit(node: SoakNode, limit: SoakNode['min'], params: unknown): number | undefined {
  try {
    return durationMs(typeof limit === 'function' ? limit(templateContext(node, params)) : limit);
  } catch {
    // It depends on what an earlier step gives.
    return undefined;
  }
}

function stepMeaning(node: StepNode, params: unknown): object {
  return {
    reversal: node.reversal,
    effective: node.effective,
    confirmWithin: node.confirmWithin === undefined ? undefined : durationMs(node.confirmWithin),
    output: schemaMeaning(node.body.output),
    operation: node.operation && {
      name: node.operation.name,
      version: node.operation.version,
      input: inputTemplate(node, params),
    },
    commands: node.operation === undefined ? commandTemplate(node, params) : undefined,
  };
}

/** The commands with a name in place of every value that only a run knows; `undefined` where code decides. */
function commandTemplate(node: StepNode, params: unknown): unknown {
  if (node.body.commands === undefined) return undefined;
  try {
    const context = { ...templateContext(node, params), sh };
    return node.body.commands(context as never).map(({ argv, env, ...rest }: Command) => ({
      says: formatCommand({ argv, ...(env && { env }) }),
      ...(JSON.parse(JSON.stringify(rest)) as object),
    }));
  } catch {
    return undefined;
  }
}

function inputTemplate(node: StepNode, params: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(node.operation?.with(templateContext(node, params)) ?? null));
  } catch {
    return undefined;
  }
}

function templateContext(node: Node, params: unknown): StepContext & { captured: unknown; input: unknown } {
  return {
    params,
    outputs: Object.fromEntries(Object.values(node.outputNames).map((name) => [name, placeholder(name)])),
    run: placeholder('run'),
    captured: placeholder(`${node.id}.captured`),
    input: placeholder(`${node.id}.input`),
  };
}

function schemaMeaning(schema: z.ZodType | undefined): unknown {
  if (schema === undefined) return undefined;
  try {
    return z.toJSONSchema(schema, { unrepresentable: 'any' });
  } catch {
    return 'custom';
  }
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, sortKeys)).digest('hex').slice(0, 16);
}

/** The order of keys has no meaning, and an edit that only moves them changes nothing. */
function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
