import {
  formatCommand,
  isRestoreFile,
  placeholder,
  sh,
  type Command,
  type Node,
  type StepContext,
  type StepNode,
  type UndoAction,
} from '../runbook/index.ts';

/*
 * What a step's functions give before a run: with names in place of every value that only a run knows. A
 * function that needs a real value there, or decides by one, is known by its text instead.
 */

export type TemplateContext = StepContext & {
  readonly captured: unknown;
  readonly input: unknown;
  readonly sh: typeof sh;
};

export function templateContext(node: Node, params: unknown): TemplateContext {
  return {
    params,
    outputs: Object.fromEntries(Object.values(node.outputNames).map((name) => [name, placeholder(name)])),
    run: placeholder('run'),
    captured: placeholder(`${node.id}.captured`),
    input: placeholder(`${node.id}.input`),
    sh,
  };
}

/** What a function gives for a template, as plain data; its own text when it cannot do without real values. */
export function templateOf<Given>(
  give: ((context: never) => Given) | undefined,
  context: TemplateContext,
  plain: (given: Given) => unknown = (given) => given,
): unknown {
  if (give === undefined) return undefined;
  try {
    const given = plain(give(context as never));
    return JSON.parse(JSON.stringify(given ?? null)) as unknown;
  } catch {
    return { text: textOf(give) };
  }
}

/** The answer of a `when`, where it rests on nothing but parameters; else its text. */
export function conditionOf(node: Node, params: unknown): string | undefined {
  const { when } = node;
  if (when === undefined) return undefined;
  let asked = false;
  const unknown = { get: () => void (asked = true) };
  const context = { ...templateContext(node, params), outputs: watched(unknown), run: watched(unknown) };
  try {
    const answer = (when(context as never) as unknown) !== false;
    if (!asked) return answer ? 'always' : 'never';
  } catch {
    // It wants what is not known yet.
  }
  return textOf(when);
}

function watched(handler: { readonly get: () => void }): object {
  return new Proxy(
    {},
    {
      get: (_, key) => {
        handler.get();
        return typeof key === 'string' ? placeholder(key) : undefined;
      },
    },
  );
}

/** The same for each `commands`, however a command is written down. */
export function plainCommands(commands: readonly Command[]): unknown {
  return commands.map(({ argv, env, ...rest }) => ({
    says: formatCommand({ argv, ...(env && { env }) }),
    ...rest,
  }));
}

export function plainUndo(actions: readonly UndoAction[]): unknown {
  return actions.map((action) => (isRestoreFile(action) ? action : plainCommands([action])));
}

export function undoTemplate(node: StepNode, context: TemplateContext): unknown {
  const { undo } = node;
  if (typeof undo === 'function') return templateOf(undo as never, context, plainUndo as never);
  if (undo === undefined) return undefined;
  const { describe, breakGlass, run } = undo;
  const said = (text: unknown) => (typeof text === 'function' ? templateOf(text as never, context) : text);
  return { describe: said(describe), breakGlass: said(breakGlass), text: textOf(run) };
}

/** White space says nothing: Node.js leaves some where types stood. */
function textOf(code: unknown): string {
  return String(code).replaceAll(/\s+/g, '');
}
