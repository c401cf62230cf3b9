/** Copies a folder, and ends at a gate. */
import { runbook, z } from 'migrate-runbook';
import { copyTree } from 'migrate-runbook/operations';

export default runbook('copies', { summary: 'Copies', params: z.object({ world: z.string() }) })
  .step('copy', {
    use: copyTree,
    with: ({ params: { world }, run }) => ({
      from: `${world}/from`,
      to: `${world}/to`,
      pass: 'final' as const,
      manifest: `${run.folder}/manifest`,
    }),
  })
  .confirm('keep', { needs: ['copy'], ask: 'Keep it?' });
