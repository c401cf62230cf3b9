import { runbook, sh, z } from 'migrate-runbook';

/** One step that takes as long as a file says. */
export default runbook('one-step', {
  summary: 'One step that may take for ever',
  params: z.object({ world: z.string() }),
  claims: ({ params: { world } }) => [{ kind: 'path', path: world, role: 'target' }],
}).step('act', {
  idempotent: true,
  commands: ({ params: { world } }) => [sh`sh ${world}/act.sh ${world}`],
  undo: ({ params: { world } }) => [sh`rm -f ${world}/done`],
});
