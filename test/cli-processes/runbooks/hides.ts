import { runbook, sh, z } from 'migrate-runbook';

/** One step whose command and children do not carry the run's mark. */
export default runbook('hides', {
  summary: 'Starts processes that are hard to find again',
  params: z.object({ world: z.string(), programs: z.string() }),
})
  .step('hide', {
    idempotent: true,
    commands: ({ params: { world, programs } }) => [sh`${programs}/hides.sh ${world}`],
    undo: () => [],
  })
  .step('after', {
    needs: ['hide'],
    commands: ({ sh: own }) => [own`true`],
    undo: () => [],
    idempotent: true,
  });
