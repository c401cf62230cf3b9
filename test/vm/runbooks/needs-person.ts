import { existsSync } from 'node:fs';
import { runbook, sh, z } from 'migrate-runbook';

/** All that a process must not do by itself: a yes, a soak that is not healthy, something that cannot be undone. */
export default runbook('needs-person', {
  summary: 'A soak, and then what only a person may do',
  params: z.object({ world: z.string() }),
  claims: ({ params: { world } }) => [{ kind: 'path', path: world, role: 'target' }],
})
  .step('mount', {
    idempotent: true,
    commands: ({ params: { world } }) => [
      sh`mkdir -p ${world}/seen ${world}/from`,
      sh`mount --bind ${world}/from ${world}/seen`,
    ],
    undo: ({ params: { world } }) => [sh`umount ${world}/seen`],
  })
  .soak('settle', {
    needs: ['mount'],
    min: '2s',
    max: '1h',
    maxGap: '10s',
    probes: [{ name: 'healthy', check: ({ params: { world } }) => !existsSync(`${world}/ill`) }],
  })
  .step('delete', {
    needs: ['settle'],
    irreversible: 'it is gone',
    commands: ({ params: { world } }) => [sh`rm -f ${world}/precious`],
    probe: ({ params: { world } }) => (existsSync(`${world}/precious`) ? 'not-started' : 'done'),
  })
  .confirm('agreed', { needs: ['delete'], ask: 'Is it good?' });
