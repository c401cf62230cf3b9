import { fragment, operation, runbook, z } from 'migrate-runbook';

/** Everything that the chain offers, in one runbook whose types must flow from step to step. */

const copy = operation({
  operation: 'copy',
  version: 1,
  input: z.object({ from: z.string(), to: z.string() }),
  reversal: 'undo',
  capture: ({ input }) => ({ target: input.to }),
  output: z.object({ bytes: z.number() }),
  describe: ({ input, sh }) => [sh`cp -a ${input.from} ${input.to}`],
  run: async ({ captured }) => ({ bytes: captured.target.length }),
  undo: ({ captured, sh }) => [sh`rm -r ${captured.target}`],
});

const remove = operation({
  operation: 'remove',
  version: 1,
  input: z.object({ path: z.string() }),
  reversal: 'irreversible',
  commands: ({ input, sh }) => [sh`rm -r ${input.path}`],
});

const count = fragment({ params: z.object({ dataset: z.string() }) })
  .step('files', {
    readonly: true,
    output: z.object({ files: z.number() }),
    describe: 'Counts the files',
    run: async () => ({ files: 1 }),
  })
  .step('show', {
    needs: ['files'],
    readonly: true,
    commands: ({ outputs, params, sh }) => [sh`echo ${params.dataset} ${outputs.files.files}`],
  });

const withoutParameters = fragment({}).step('look', { readonly: true, commands: ({ sh }) => [sh`true`] });

export default runbook('move-home', {
  summary: 'Move /home onto its own dataset',
  params: z.object({ dataset: z.string().default('tank/home'), fast: z.boolean().default(false) }),
})
  .phase('Prepare')
  .step('snapshot', {
    capture: ({ params, run }) => ({ name: `${params.dataset}@${run.id}` }),
    commands: ({ captured, sh }) => [sh`zfs snapshot ${captured.name}`],
    probe: async ({ captured, $ }) =>
      (await $.anyExit`zfs list ${captured.name}`).exitCode === 0 ? 'done' : 'not-started',
    undo: ({ captured, sh }) => [sh`zfs destroy ${captured.name}`],
    retry: { retries: 2, minDelayMs: 500 },
    timeout: '90s',
    locks: ['pool'],
    onFailure: 'rollback',
  })
  .use(count, { prefix: 'count', needs: ['snapshot'] })
  .use(withoutParameters, { prefix: 'again' })
  .phase('Move')
  .step('copy', {
    needs: ['snapshot'],
    use: copy,
    with: ({ params }) => ({ from: '/home', to: `/${params.dataset}` }),
  })
  .step('compress', {
    needs: ['copy'],
    when: ({ params, outputs }) => params.fast && outputs.copy.bytes > 0,
    readonly: true,
    output: z.object({ saved: z.number() }),
    describe: 'Measures what compression saves',
    run: async ({ outputs }) => ({ saved: outputs.copy.bytes }),
    timeout: 90_000,
  })
  .check('compressed', {
    needs: ['compress', 'count-files'],
    expect: 'compression saves something',
    run: ({ outputs }) => ({
      verdict: (outputs.compress?.saved ?? 0) > 0 ? 'PASS' : 'BLOCKED',
      observed: `${outputs['count-files'].files} files`,
      evidence: { files: outputs['count-files'].files },
    }),
  })
  .step('edit', {
    needs: ['compressed'],
    effective: 'at-boot',
    describe: ({ outputs }) => `Edits fstab, since compression is ${outputs.compressed.verdict}`,
    run: async ({ exec, sh, progress, log, signal, attempt }) => {
      log(`attempt ${attempt}`);
      progress({ doing: 'editing', doneFiles: 1 });
      if (!signal.aborted) await exec(sh`touch /etc/fstab`);
    },
    undo: {
      describe: 'Edits fstab back',
      run: async ({ exec, sh }) => {
        await exec(sh`touch /etc/fstab`);
      },
      breakGlass: ({ sh }) => [sh`vi /etc/fstab`],
    },
  })
  .reboot('restart', {
    needs: ['edit'],
    instructions: 'Reboot this machine.',
    verify: async ({ $ }) => void (await $`true`),
  })
  .manual('cable', {
    needs: ['restart'],
    instructions: ({ params }) => `Unplug the disk of ${params.dataset}.`,
  })
  .confirm('serial', {
    needs: ['cable'],
    ask: ({ params }) => `Which disk holds ${params.dataset}?`,
    input: z.object({ serial: z.string() }),
  })
  .soak('settle', {
    needs: ['serial'],
    min: ({ params }) => (params.fast ? '1h' : '24h'),
    max: '48h',
    fresh: ['copy'],
    tolerate: 1,
    probes: [
      { name: 'mounted', check: async ({ outputs }) => outputs.serial.serial !== '' },
      { name: 'errors', lasts: 'boots', counter: async ({ outputs }) => outputs.serial.serial },
      { name: 'restarts', counter: ({ params }) => params.dataset },
    ],
  })
  .step('cleanup', {
    needs: ['settle', 'serial'],
    use: remove,
    irreversible: 'the old copy is gone',
    with: ({ outputs }) => ({ path: `/old/${outputs.serial.serial}` }),
  })
  .step('erase', { irreversible: 'the disk is empty', commands: ({ sh }) => [sh`wipefs -a /dev/null`] });
