import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runbook, sh, z } from 'migrate-runbook';

/** Makes a folder, waits until the test says go, and makes another. */
export default runbook('waits', {
  summary: 'Waits for a test between two folders',
  params: z.object({
    world: z.string().describe('the folder that it changes'),
    programs: z.string(),
    times: z.number().int().min(1).max(9).default(1),
    mode: z.enum(['fast', 'careful']).default('careful'),
  }),
  claims: ({ params: { world } }) => [{ kind: 'path', path: world, role: 'target' }],
})
  .step('before', {
    commands: ({ params: { world } }) => [sh`mkdir ${world}/before`],
    probe: ({ params: { world } }) => (existsSync(join(world, 'before')) ? 'done' : 'not-started'),
    undo: ({ params: { world } }) => [sh`rm -r -f ${world}/before`],
  })
  .step('wait', {
    needs: ['before'],
    idempotent: true,
    commands: ({ params: { world, programs } }) => [sh`${programs}/wait-for.sh ${world}/go`],
    undo: () => [],
  })
  .step('after', {
    needs: ['wait'],
    commands: ({ params: { world } }) => [sh`mkdir ${world}/after`],
    probe: ({ params: { world } }) => (existsSync(join(world, 'after')) ? 'done' : 'not-started'),
    undo: ({ params: { world } }) => [sh`rm -r -f ${world}/after`],
  });
