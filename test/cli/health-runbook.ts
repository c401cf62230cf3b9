import { runbook, z } from 'migrate-runbook';

/** What it makes, with a check of its own before and health checks for ever after. */
export default runbook('healthy', {
  summary: 'Make a folder that is to be there',
  params: z.object({ folder: z.string().default('/nowhere') }),
  // Only a step needs it.
  tools: ['mkdir'],
  health: [
    {
      id: 'there',
      title: 'The folder is there',
      phase: 'Folder',
      expect: 'a folder',
      run: async ({ host, params }) => ({
        verdict: (await host.files.stat(`${params.folder}/made`)) === undefined ? 'FAIL' : 'PASS',
        observed: params.folder,
      }),
    },
    {
      id: 'never',
      expect: 'nothing',
      when: () => false,
      run: () => ({ verdict: 'FAIL', observed: 'asked all the same' }),
    },
  ],
})
  .check('preflight', { expect: 'it is asked in a run', run: () => ({ verdict: 'PASS', observed: 'so' }) })
  .step('make', {
    needs: ['preflight'],
    commands: ({ params, sh }) => [sh`mkdir ${params.folder}/made`],
    undo: ({ params, sh }) => [sh`rmdir ${params.folder}/made`],
  });
