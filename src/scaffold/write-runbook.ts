import type { CommandItem, Item, Outline } from './outline.ts';
import { placeholdersIn, splitAt, type Placeholder } from './placeholders.ts';
import { onlyReads, questionOf } from './reading.ts';
import { quoted, quotedLong } from './quoted.ts';
import { stepIds } from './step-ids.ts';

/** What came of a plan. */
interface Imported {
  /** The text of the runbook's file. */
  readonly source: string;
  readonly phases: number;
  readonly steps: number;
  readonly gates: number;
  readonly checks: number;
  /** Parameters made of placeholders. */
  readonly parameters: readonly string[];
  /** Ids of steps of which nobody has decided how they are undone. */
  readonly undecided: readonly string[];
}

/**
 * Writes a plan as a runbook: each step needs the one before it, and what changes something waits for a decision
 * how it is undone.
 * @param from name of the plan's file, for the first comment
 */
export function writeRunbook(id: string, outline: Outline, from: string): Imported {
  const idOf = stepIds();
  const all = outline.phases.flatMap(({ items }) => items);
  const commands = all.filter((item): item is CommandItem => item.kind === 'command');
  const parameters = parametersOf(all);
  const programs = programsOf([...commands, ...all.filter(isAsked)]);
  const undecided: string[] = [];
  const calls: string[] = [];
  let previous: string | undefined;
  for (const { title, items } of outline.phases) {
    calls.push(`  .phase(${quoted(title)})`);
    for (const item of items) {
      const step = idOf(item.title);
      if (item.kind === 'command' && !onlyReads(item.argv)) undecided.push(step);
      calls.push(callOf(item, step, previous, parameters));
      previous = step;
    }
  }
  if (previous === undefined) {
    calls.push(`  .confirm('go', { ask: 'The plan has no list, table or shell block to read. Go on?' })`);
  }
  const count = (kind: Item['kind']) => all.filter((item) => item.kind === kind).length;
  return {
    source: `${headOf({ id, outline, from, commands, programs, parameters })}\n${calls.join('\n')};\n`,
    phases: outline.phases.length,
    steps: commands.length,
    gates: count('manual') + count('reboot') + (previous === undefined ? 1 : 0),
    checks: count('check'),
    parameters: parameters.map(({ name }) => name),
    undecided,
  };
}

const isAsked = (item: Item): item is Extract<Item, { kind: 'check' }> & { argv: readonly [string] } =>
  item.kind === 'check' && item.argv !== undefined;

function programsOf(items: readonly { readonly argv: readonly string[] }[]): readonly string[] {
  const programs = items.flatMap(({ argv }) => argv.slice(0, 1));
  return [...new Set(programs.filter((program) => !program.includes('/')))].toSorted();
}

function parametersOf(items: readonly Item[]): readonly Placeholder[] {
  const texts = items.flatMap((item) => ('argv' in item && item.argv !== undefined ? item.argv : []));
  const byText = new Map(texts.flatMap(placeholdersIn).map((each) => [each.text, each]));
  const names = new Set<string>();
  return [...byText.values()].filter(({ name }) => !names.has(name) && names.add(name));
}

interface Head {
  readonly id: string;
  readonly outline: Outline;
  readonly from: string;
  readonly commands: readonly CommandItem[];
  readonly programs: readonly string[];
  readonly parameters: readonly Placeholder[];
}

function headOf({ id, outline, from, commands, programs, parameters }: Head): string {
  const list = `[${programs.map(quoted).join(', ')}]`;
  const samples = parameters.map(({ name, text }) => `${name}: ${quoted(sampleOf(text))}`).join(', ');
  return [
    `// From ${from.replaceAll(/\s+/g, ' ')}. Each step that is \`undecided\` must say how it is undone before \`migrate run\` begins.`,
    `import { runbook${parameters.length > 0 ? ', z' : ''} } from 'migrate-runbook';`,
    '',
    `export default runbook(${quoted(id)}, {`,
    `  summary: ${quoted(outline.title)},`,
    ...(parameters.length === 0 ? [] : ['  params: z.object({', ...parameters.map(parameterLine), '  }),']),
    ...(programs.length === 0 ? [] : [`  tools: ${list},`]),
    ...(commands.some(({ asRoot }) => asRoot) ? ['  root: true,'] : []),
    ...(programs.length === 0 && samples === '' ? ['  rehearsal: {},'] : ['  rehearsal: {']),
    ...(samples === '' ? [] : [`    params: { ${samples} },`]),
    ...(programs.length === 0
      ? []
      : [
          '    // They say that they were called, and do nothing. Take out what shall really run in the world.',
          `    standIns: ${list},`,
        ]),
    ...(programs.length === 0 && samples === '' ? [] : ['  },']),
    '})',
  ].join('\n');
}

function parameterLine({ name, text }: Placeholder): string {
  return `    ${name}: z.string().min(1).describe(${quoted(`What the plan calls ${text}`)}),`;
}

function sampleOf(text: string): string {
  if (/location|folder|dir/.test(text)) return `/srv/${text.replaceAll(/[^\w-]/g, '')}`;
  return /^[xX-]+$/.test(text) ? text.toLowerCase().replaceAll('x', '0') : text.replaceAll(/[^\w-]/g, '');
}

function callOf(
  item: Item,
  id: string,
  previous: string | undefined,
  parameters: readonly Placeholder[],
): string {
  const needs = previous === undefined ? [] : [`    needs: [${quoted(previous)}],`];
  const title = `    title: ${quoted(item.title)},`;
  const lines = linesOf(item, parameters);
  return [`  .${lines.call}(${quoted(id)}, {`, title, ...needs, ...lines.body, '  })'].join('\n');
}

function linesOf(
  item: Item,
  parameters: readonly Placeholder[],
): { readonly call: string; readonly body: readonly string[] } {
  switch (item.kind) {
    case 'command': {
      const { context, template } = templateOf(item.argv, parameters, 'sh');
      const reversal = onlyReads(item.argv)
        ? 'readonly: true'
        : `undecided: ${quoted(questionOf(item.argv))}`;
      return {
        call: 'step',
        body: [`    commands: (${context}) => [${template}],`, `    ${reversal},`],
      };
    }
    case 'manual':
      return { call: 'manual', body: [`    instructions: ${quotedLong(item.instructions)},`] };
    case 'reboot':
      return {
        call: 'reboot',
        body: [`    instructions: 'Reboot this machine, and then: migrate resume',`],
      };
    case 'check':
      return { call: 'check', body: checkLines(item, parameters) };
  }
}

function checkLines(
  { expect, argv, text }: Extract<Item, { kind: 'check' }>,
  parameters: readonly Placeholder[],
): readonly string[] {
  const expects = `    expect: ${quoted(expect)},`;
  const undecided = 'nobody has written yet what passes';
  if (argv === undefined) {
    const observed = quotedLong(`${undecided}. ${text}`);
    return [expects, '    run: () => ({', `    verdict: 'BLOCKED',`, `    observed: ${observed},`, '    }),'];
  }
  const { context, template } = templateOf(argv, parameters, '$.anyExit');
  return [
    expects,
    `    run: async (${context}) => {`,
    `      const { stdout, stderr } = await ${template};`,
    `      return { verdict: 'BLOCKED', observed: \`${undecided}; it printed: \${stdout}\${stderr}\` };`,
    '    },',
  ];
}

/** The command as a template, with what of the context it takes. */
function templateOf(
  argv: readonly string[],
  parameters: readonly Placeholder[],
  tag: string,
): { readonly context: string; readonly template: string } {
  let takesParameters = false;
  const words = argv.map((word) => {
    const pieces = splitAt(word, parameters);
    if (pieces.some((piece) => typeof piece !== 'string')) takesParameters = true;
    return pieces
      .map((piece) => (typeof piece === 'string' ? literal(piece) : `\${params.${piece.name}}`))
      .join('');
  });
  const name = tag.split('.')[0] ?? tag;
  return {
    context: takesParameters ? `{ params, ${name} }` : `{ ${name} }`,
    template: `${tag}\`${words.join(' ')}\``,
  };
}

/** As the template reads it again: what is not plain goes in as a value. */
function literal(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `\${${quoted(word)}}`;
}
