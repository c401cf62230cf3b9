import { runbook, z } from 'migrate-runbook';

/** Fails in its third step, and takes everything back; its texts are what nobody should type. */
export default runbook('goes-back', {
  summary: 'Goes back <script>document.title = "pwned"</script>',
  params: z.object({ folder: z.string() }),
})
  .phase('Prepare "><img src=x onerror="document.title=1">')
  .step('first', {
    title: `A title that is a single very long word: ${'Donaudampfschifffahrtsgesellschaft'.repeat(6)}`,
    commands: ({ params, sh }) => [sh`mkdir ${params.folder}/${'<b>first'}`, sh`sleep 0.3`],
    undo: ({ params, sh }) => [sh`rmdir ${params.folder}/${'<b>first'}`, sh`sleep 0.2`],
  })
  .step('second', {
    needs: ['first'],
    commands: ({ params, sh }) => [sh`touch ${params.folder}/second`, sh`sleep 0.2`],
    undo: ({ params, sh }) => [sh`rm -f ${params.folder}/second`],
  })
  .phase('Act')
  .step('third', {
    needs: ['second'],
    onFailure: 'rollback',
    commands: ({ sh }) => [sh`ls ${'/no/such/<svg onload=alert(1)>'}`],
    undo: () => [],
  });
