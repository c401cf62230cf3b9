import { runbook, z } from 'migrate-runbook';

const base = runbook('outputs', {
  summary: 'What a step may read of the others',
  params: z.object({ fast: z.boolean().default(false) }),
})
  .step('measure', {
    readonly: true,
    output: z.object({ bytes: z.number() }),
    describe: 'Counts the bytes',
    run: async () => ({ bytes: 1 }),
  })
  .step('maybe', {
    when: ({ params }) => params.fast,
    readonly: true,
    output: z.object({ files: z.number() }),
    describe: 'Counts the files',
    run: async () => ({ files: 1 }),
  });

// expect: Property 'measure' does not exist
base.step('not-needed', {
  readonly: true,
  commands: ({ outputs, sh }) => [sh`echo ${outputs.measure.bytes}`],
});

base.step('misspelt', {
  needs: ['measure'],
  readonly: true,
  // expect: Property 'byte' does not exist on type '{ bytes: number; }'. Did you mean 'bytes'?
  commands: ({ outputs, sh }) => [sh`echo ${outputs.measure.byte}`],
});

base.step('perhaps-skipped', {
  needs: ['maybe'],
  readonly: true,
  // expect: 'outputs.maybe' is possibly 'undefined'
  commands: ({ outputs, sh }) => [sh`echo ${outputs.maybe.files}`],
});

base.step('without-schema', {
  readonly: true,
  describe: 'Gives an output that nothing validates',
  // expect: what a step gives to others needs a schema in `output`
  run: async () => 5,
});

base.step('against-schema', {
  readonly: true,
  output: z.object({ bytes: z.number() }),
  describe: 'Gives an output of another shape',
  // expect: Type 'string' is not assignable to type 'number'
  run: async () => ({ bytes: 'many' }),
});

// expect: Property 'result' is missing
base.step('commands-without-result', {
  readonly: true,
  output: z.object({ bytes: z.number() }),
  commands: ({ sh }) => [sh`du -sb /nix`],
});

// expect: Property 'dataset' does not exist on type '{ fast: boolean; }'
base.step('unknown-parameter', {
  readonly: true,
  commands: ({ params, sh }) => [sh`zfs list ${params.dataset}`],
});

const shared = {
  expect: 'some bytes',
  run: ({ outputs }: { readonly outputs: { readonly measure: { readonly bytes: number } } }) => ({
    verdict: 'PASS' as const,
    observed: `${outputs.measure.bytes}`,
  }),
};

base.check('shares-and-needs', { needs: ['measure'], ...shared });

// expect: Property 'measure' is missing
base.check('shares-without-need', { ...shared });

const bare = runbook('bare', { summary: 'Has no parameters' });

// expect: Property 'dataset' does not exist on type 'Readonly<Record<never, never>>'
bare.step('no-parameters', {
  readonly: true,
  commands: ({ params, sh }) => [sh`zfs list ${params.dataset}`],
});
