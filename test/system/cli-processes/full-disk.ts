import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runbook, sh, z } from 'migrate-runbook';

const there = (world: string, name: string) => existsSync(join(world, name));

/** Waits for its test, with a step beside it, and then does something whose record is large. */
export default runbook('full-disk', {
  summary: 'Runs out of space for its journal',
  params: z.object({ world: z.string(), programs: z.string() }),
  claims: ({ params: { world } }) => [{ kind: 'path', path: world, role: 'target' }],
})
  .step('wait', {
    idempotent: true,
    commands: ({ params: { world, programs } }) => [sh`${programs}/wait-for.sh ${world}/go`],
    undo: () => [],
  })
  .step('beside', {
    idempotent: true,
    commands: ({ params: { world, programs } }) => [sh`${programs}/wait-for.sh ${world}/go-beside`],
    undo: () => [],
  })
  .step('large', {
    needs: ['wait'],
    capture: () => ({ before: 'large '.repeat(4000) }),
    probe: ({ params: { world } }) => (there(world, 'large') ? 'done' : 'not-started'),
    commands: ({ params: { world } }) => [sh`mkdir ${world}/large`],
    undo: ({ params: { world } }) => [sh`rm -r -f ${world}/large`],
  });
