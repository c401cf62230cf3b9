import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runbook, sh, z } from 'migrate-runbook';

const there = (world: string, name: string) => existsSync(join(world, name));

/** A gate of each kind that a person opens, then a step that cannot be undone, and one behind it. */
export default runbook('gates', {
  summary: 'Waits for a person again and again',
  params: z.object({ world: z.string() }),
  claims: ({ params: { world } }) => [{ kind: 'path', path: world, role: 'target' }],
})
  .phase('Prepare')
  .step('make', {
    commands: ({ params: { world } }) => [sh`mkdir ${world}/made`],
    probe: ({ params: { world } }) => (there(world, 'made') ? 'done' : 'not-started'),
    undo: ({ params: { world } }) => [sh`rm -r -f ${world}/made`],
  })
  .confirm('go', { needs: ['make'], ask: 'Go on with the disk?' })
  .manual('swap', {
    needs: ['go'],
    instructions: 'Put the new disk in.',
    input: z.object({ serial: z.string().min(3).describe('as on the label'), slot: z.number().int().max(8) }),
  })
  .phase('Switch over')
  .step('label', {
    needs: ['swap'],
    commands: ({ params: { world }, outputs }) => [
      sh`ln -s ${outputs.swap.serial}-${outputs.swap.slot} ${world}/label`,
    ],
    undo: ({ params: { world } }) => [sh`rm -f ${world}/label`],
  })
  .step('erase', {
    needs: ['label'],
    irreversible: 'the old disk is empty',
    commands: ({ params: { world } }) => [sh`mkdir ${world}/erased`],
    probe: ({ params: { world } }) => (there(world, 'erased') ? 'done' : 'not-started'),
  })
  .step('tidy', {
    needs: ['erase'],
    commands: ({ params: { world } }) => [sh`mkdir ${world}/tidied`],
    undo: ({ params: { world } }) => [sh`rm -r -f ${world}/tidied`],
  });
