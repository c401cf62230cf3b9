import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runbook, sh, z } from 'migrate-runbook';

/** Three folders, of which the second must be confirmed. */
export default runbook('cuts-off', {
  summary: 'Cuts the operator off, as far as it knows',
  params: z.object({ world: z.string(), programs: z.string() }),
})
  .step('before', {
    commands: ({ params: { world } }) => [sh`mkdir ${world}/before`],
    probe: ({ params: { world } }) => (existsSync(join(world, 'before')) ? 'done' : 'not-started'),
    undo: ({ params: { world } }) => [sh`rm -r -f ${world}/before`],
  })
  .step('net', {
    needs: ['before'],
    confirmWithin: `${Number(process.env['CONFIRM_WITHIN_S'] ?? 600)}s`,
    commands: ({ params: { world, programs } }) => [
      sh`mkdir ${world}/net`,
      ...(process.env['WAITS'] === undefined ? [] : [sh`${programs}/wait-for.sh ${world}/go`]),
    ],
    probe: ({ params: { world } }) => (existsSync(join(world, 'net')) ? 'done' : 'not-started'),
    undo: ({ params: { world } }) => [sh`rm -r -f ${world}/net`],
  })
  .step('after', {
    needs: ['net'],
    commands: ({ params: { world } }) => [sh`mkdir ${world}/after`],
    probe: ({ params: { world } }) => (existsSync(join(world, 'after')) ? 'done' : 'not-started'),
    undo: ({ params: { world } }) => [sh`rm -r -f ${world}/after`],
  });
