import { runbook, z } from 'migrate-runbook';

/** Commands whose output is read from what they print. */
export default runbook('result', { summary: 'Reads sizes' })
  .step('size', {
    capture: () => ({ path: '/nix' }),
    readonly: true,
    output: z.object({ bytes: z.coerce.number() }),
    commands: ({ captured, sh }) => [sh`du -sb ${captured.path}`],
    result: ({ results, captured }) => ({ bytes: results[0]?.stdout.replace(captured.path, '') }),
  })
  .step('show', {
    needs: ['size'],
    readonly: true,
    commands: ({ outputs, sh }) => [sh`echo ${outputs.size.bytes}`],
  });
