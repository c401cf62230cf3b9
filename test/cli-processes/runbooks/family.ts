import { runbook, sh, z } from 'migrate-runbook';

/** One step whose command has a child and a grandchild. */
export default runbook('family', {
  summary: 'Starts a family of processes',
  params: z.object({
    world: z.string(),
    programs: z.string(),
    how: z.enum(['mild', 'stubborn']).default('mild'),
  }),
}).step('family', {
  idempotent: true,
  commands: ({ params: { world, programs, how } }) => [sh`${programs}/family.sh ${world}/pids ${how}`],
  undo: () => [],
});
