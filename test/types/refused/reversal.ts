import { operation, runbook, z } from 'migrate-runbook';

const rename = operation({
  operation: 'rename',
  version: 1,
  input: z.object({ from: z.string(), to: z.string() }),
  reversal: 'undo',
  commands: ({ input, sh }) => [sh`mv ${input.from} ${input.to}`],
  undo: ({ input, sh }) => [sh`mv ${input.to} ${input.from}`],
});
const remove = operation({
  operation: 'remove',
  version: 1,
  input: z.object({ path: z.string() }),
  reversal: 'irreversible',
  commands: ({ input, sh }) => [sh`rm ${input.path}`],
});
const base = runbook('reversal', { summary: 'How steps are undone' });

// expect: say how this step is undone: undo, irreversible or readonly
base.step('unsaid', { commands: ({ sh }) => [sh`touch /a`] });

// expect: Types of property 'irreversible' are incompatible
base.step('twice', { readonly: true, irreversible: 'gone', commands: ({ sh }) => [sh`rm /a`] });

// expect: Property 'irreversible' is missing
base.step('remove', { use: remove, with: () => ({ path: '/a' }) });

// expect: Type 'number' is not assignable to type 'string'
base.step('input-of-another-type', { use: rename, with: () => ({ from: '/a', to: 5 }) });

// expect: Property 'to' is missing
base.step('input-incomplete', { use: rename, with: () => ({ from: '/a' }) });

// expect: Property 'with' is missing
base.step('input-unsaid', { use: rename });

// expect: Property 'commands' is missing
base.step('nothing-to-do', { readonly: true });

// expect: Property 'describe' is missing
base.step('undescribed', { readonly: true, run: async () => {} });

// expect: missing the following properties from type 'UndoCode
base.step('undo-nowhere-described', { describe: 'Acts', run: async () => {}, undo: { run: async () => {} } });

// expect: Property 'undo' is missing
operation({ operation: 'no-undo', version: 1, input: z.object({}), reversal: 'undo', commands: () => [] });

// expect: confirmWithin undoes the step when nobody confirms, so it needs an undo
base.step('confirmed-for-good', {
  irreversible: 'gone',
  confirmWithin: '10m',
  commands: ({ sh }) => [sh`rm /a`],
});

// expect: confirmWithin undoes the step when nobody confirms, so it needs an undo
base.step('confirmed-reading', { readonly: true, confirmWithin: '10m', commands: ({ sh }) => [sh`true`] });

// expect: confirmWithin undoes the step when nobody confirms, so it needs an undo
base.step('removed', {
  use: remove,
  irreversible: 'gone',
  confirmWithin: '10m',
  with: () => ({ path: '/a' }),
});

base.step('confirmed-some-day', {
  // expect: Type '"ten minutes"' is not assignable to type 'Duration | undefined'
  confirmWithin: 'ten minutes',
  commands: ({ sh }) => [sh`touch /a`],
  undo: ({ sh }) => [sh`rm /a`],
});

base.step('captured', {
  capture: () => ({ name: 'a' }),
  commands: ({ captured, sh }) => [sh`touch ${captured.name}`],
  // expect: Property 'nmae' does not exist on type '{ name: string; }'
  undo: ({ captured, sh }) => [sh`rm ${captured.nmae}`],
});

base.step('shell-string', {
  readonly: true,
  // expect: Type 'string' is not assignable to type 'Command'
  commands: () => ['rm -rf /nix'],
});
