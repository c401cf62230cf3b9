import { runbook, sh, z } from 'migrate-runbook';
import { make } from './make.ts';

/** To be copied and edited while a run of it waits at its gate. */
export default runbook('edited', {
  summary: 'Is edited while it waits',
  params: z.object({ world: z.string() }),
})
  .step('one', {
    output: z.object({ n: z.number() }),
    commands: ({ params: { world } }) => [sh`mkdir ${world}/one`],
    result: () => ({ n: 1 }),
    undo: ({ params: { world } }) => [sh`rmdir ${world}/one`],
  })
  .step('two', { needs: ['one'], ...make('two') })
  .confirm('go', { needs: ['two'], ask: 'Go?' })
  .step('three', {
    needs: ['go', 'one'],
    commands: ({ params: { world }, outputs }) => [sh`mkdir ${world}/three-${outputs.one.n}`],
    undo: ({ params: { world }, outputs }) => [sh`rmdir ${world}/three-${outputs.one.n}`],
  })
  .step('four', {
    needs: ['three'],
    commands: ({ params: { world } }) => [sh`mkdir ${world}/four`],
    undo: ({ params: { world } }) => [sh`rmdir ${world}/four`],
  });
