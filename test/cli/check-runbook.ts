import { runbook, z } from 'migrate-runbook';

/** Checks whose verdicts the parameters choose, beside steps that must never run. */
const verdict = z.enum(['PASS', 'PARTIAL', 'FAIL', 'BLOCKED']).default('PASS');

export default runbook('acceptance', {
  summary: 'A few checks of a service',
  params: z.object({
    folder: z.string(),
    first: verdict,
    second: verdict,
    ahead: z.boolean().default(false),
  }),
})
  .step('make', {
    commands: ({ params, sh }) => [sh`mkdir ${params.folder}/made`],
    output: z.object({ path: z.string() }),
    result: ({ params }) => ({ path: `${params.folder}/made` }),
    undo: ({ params, sh }) => [sh`rmdir ${params.folder}/made`],
  })
  .phase('Service')
  .check('first', {
    title: 'The first of them',
    expect: 'what the parameter says',
    run: async ({ params, $ }) => ({
      verdict: params.first,
      observed: (await $`printf ${'\u001b[31mred'}`).stdout,
      evidence: { answered: 200 },
    }),
  })
  .check('second', {
    needs: ['first'],
    expect: 'the first has said something',
    run: ({ params, outputs, run }) => ({
      verdict: params.second,
      observed: `it said ${outputs.first.verdict} in ${run.folder}`,
    }),
  })
  .phase('Data')
  .check('made', {
    needs: ['make'],
    when: ({ params }) => params.ahead,
    expect: 'the folder is there',
    run: async ({ outputs, host }) => ({
      verdict: (await host.files.stat(outputs.make.path)) === undefined ? 'FAIL' : 'PASS',
      observed: outputs.make.path,
    }),
  })
  .manual('key', { needs: ['make'], instructions: 'Turn the key.' });
