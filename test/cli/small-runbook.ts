import { runbook, z } from 'migrate-runbook';

/** A runbook in a folder of its own: quick, undoable up to its last step, with a gate for a person. */
export default runbook('small', {
  summary: 'A small move within a folder',
  params: z.object({
    folder: z.string().startsWith('/').describe('where it works'),
    /** The slow step takes until this is there. */
    until: z.string().default('/'),
    fail: z.boolean().default(false),
  }),
  claims: ({ params }) => [{ kind: 'path', path: params.folder, role: 'target' }],
})
  .phase('Prepare')
  .step('make', {
    commands: ({ params, sh }) => [sh`mkdir ${params.folder}/made`],
    probe: async ({ params, host }) =>
      (await host.files.stat(`${params.folder}/made`)) === undefined ? 'not-started' : 'done',
    undo: ({ params, sh }) => [sh`rm -r -f ${params.folder}/made`],
  })
  .step('slow', {
    needs: ['make'],
    title: 'Take some time',
    idempotent: true,
    commands: ({ params, sh }) => [
      sh`sh -c ${'until test -e "$1"; do sleep 0.05; done'} sh ${params.until}`,
      sh`printf ${'\u001b[31mred\u001b[0m said'}`,
    ],
    undo: () => [],
  })
  .step('maybe', {
    needs: ['slow'],
    readonly: true,
    commands: ({ params, sh }) => [sh`test ${params.fail ? 'a' : 'b'} = b`],
  })
  .phase('Switch over')
  .manual('key', {
    needs: ['maybe'],
    instructions: 'Turn the key.',
    input: z.object({ serial: z.string(), turns: z.int().default(1) }),
  })
  .step('cleanup', {
    needs: ['key'],
    irreversible: 'the made folder is gone',
    idempotent: true,
    commands: ({ params, sh }) => [sh`rm -r -f ${params.folder}/made`],
  });
