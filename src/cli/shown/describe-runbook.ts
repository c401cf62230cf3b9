import { confirmationOf } from '../../engine/survey-text.ts';
import type { ShowDocument } from '../../render/documents/show.ts';
import {
  formatCommand,
  isRestoreFile,
  placeholder,
  sh,
  type CapturedContext,
  type Node,
  type Runbook,
  type StepNode,
} from '../../runbook/index.ts';
import { allowedBy } from '../parameters/allowed.ts';
import { valueSchemaOf } from '../parameters/schema.ts';

/** What a runbook says of itself before anybody gave it parameters: unknown values show as their names. */
export function describeRunbook(runbook: Runbook, file: string): ShowDocument {
  const params = knownParams(runbook);
  const steps = runbook.nodes.map((node) => describeNode(node, params));
  return {
    type: 'show',
    id: runbook.id,
    summary: runbook.summary,
    file,
    root: runbook.root,
    tools: [...runbook.tools],
    params: describeParams(runbook),
    steps,
    pointOfNoReturn: pointOfNoReturn(runbook),
    health: runbook.health.map((node) => ({
      id: node.id,
      title: node.title,
      ...(node.phase === undefined ? {} : { phase: node.phase }),
      expect: node.kind === 'check' ? node.expect : '',
      ...knownOf(node),
    })),
    rehearsal: runbook.rehearsal !== undefined,
  };
}

/** The first step in page order that cannot be undone. */
export function pointOfNoReturn(runbook: Runbook): { step: string; why: string } | null {
  const node = runbook.nodes.find((each) => each.kind === 'step' && each.reversal === 'irreversible');
  return node === undefined ? null : { step: node.id, why: (node as StepNode).irreversible ?? '' };
}

function describeParams(runbook: Runbook): ShowDocument['params'] {
  const schema = valueSchemaOf(runbook.params);
  return Object.entries(schema.properties ?? {}).map(([key, value]) => ({
    key,
    type: allowedBy(value),
    required: schema.required?.includes(key) ?? false,
    ...(value.default === undefined ? {} : { default: value.default }),
    ...(value.description === undefined ? {} : { description: value.description }),
    secret: value.secret === true,
  }));
}

/** Defaults where there are some, names in ‹› for the rest. */
function knownParams(runbook: Runbook): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(runbook.params.shape).map(([key, schema]) => {
      const parsed = (schema as Runbook['params']).safeParse(undefined);
      return [key, parsed.success && parsed.data !== undefined ? parsed.data : placeholder(key)];
    }),
  );
}

function describeNode(node: Node, params: unknown): ShowDocument['steps'][number] {
  const context = {
    params,
    outputs: Object.fromEntries(Object.values(node.outputNames).map((name) => [name, placeholder(name)])),
    run: placeholder('run'),
    captured: placeholder(`${node.id}.captured`),
    sh,
  };
  return {
    id: node.id,
    title: node.title,
    ...(node.phase === undefined ? {} : { phase: node.phase }),
    kind: node.kind,
    needs: [...node.needs],
    ...textsOf(node, context as never),
    reversal: node.kind === 'step' ? node.reversal : 'readonly',
    effective: node.kind === 'step' ? node.effective : 'now',
    conditional: node.when !== undefined,
    onFailure: node.onFailure,
    ...knownOf(node),
  };
}

function knownOf(node: Node): { knownLimitation?: string } {
  return node.kind === 'check' && node.knownLimitation !== undefined
    ? { knownLimitation: node.knownLimitation }
    : {};
}

const atRunTime = ['known at run time'];

function textsOf(node: Node, context: CapturedContext): { does: string[]; undo: string[] } {
  switch (node.kind) {
    case 'step': {
      const input = attempt(() => node.operation?.with(context) as never, placeholder('input'));
      const full = { ...context, input };
      return {
        does: [...attempt(() => doesOf(node, full), atRunTime), ...confirmationOf(node)],
        undo: attempt(() => undoOf(node, full), atRunTime),
      };
    }
    case 'check':
      return { does: [node.expect], undo: [] };
    case 'confirm':
      return { does: [textOf(node.ask, context)], undo: [] };
    case 'manual':
    case 'reboot':
      return { does: [textOf(node.instructions, context)], undo: [] };
    case 'soak': {
      const probes = node.probes.map(({ name }) => name).join(', ');
      return { does: [`observed healthy for ${textOf(node.min, context)}: ${probes}`], undo: [] };
    }
  }
}

function doesOf(node: StepNode, context: CapturedContext): string[] {
  const { commands, describe } = node.body;
  if (commands !== undefined) return commands(context).map(formatCommand);
  const described = typeof describe === 'function' ? describe(context) : (describe ?? '');
  return [described].flat().map((line) => (typeof line === 'string' ? line : formatCommand(line)));
}

function undoOf(node: StepNode, context: CapturedContext): string[] {
  if (node.reversal === 'irreversible') return [node.irreversible ?? ''];
  if (node.undo === undefined) return [];
  if (typeof node.undo === 'object') return [textOf(node.undo.describe, context)];
  return node
    .undo(context)
    .map((action) =>
      isRestoreFile(action) ? `putting ${action.restore} back as it was` : formatCommand(action),
    );
}

function textOf<Context>(text: unknown, context: Context): string {
  return attempt(() => String(typeof text === 'function' ? text(context) : text), 'known at run time');
}

/** Code of a runbook may want a real value where there is only a name. */
function attempt<Value>(work: () => Value, otherwise: Value): Value {
  try {
    return work();
  } catch {
    return otherwise;
  }
}
