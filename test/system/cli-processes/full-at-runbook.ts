import { appendFileSync, existsSync } from 'node:fs';
import { runbook, sh, z } from 'migrate-runbook';

/** A little of everything that is journaled. Each act leaves a folder, and can be seen to have happened once. */
export default runbook('full-at', {
  summary: 'Makes folders on a machine whose state folder runs out of space',
  params: z.object({ world: z.string() }),
  claims: ({ params: { world } }) => [{ kind: 'path', path: world, role: 'target' }],
})
  .step('first', {
    idempotent: true,
    commands: ({ params: { world } }) => [sh`mkdir -p ${world}/first`, sh`touch ${world}/first/file`],
    undo: ({ params: { world } }) => [sh`rm -r -f ${world}/first`],
  })
  .confirm('go', { needs: ['first'], ask: 'Go on?' })
  .step('second', {
    needs: ['go'],
    output: z.object({ made: z.string() }),
    probe: ({ params: { world } }) =>
      existsSync(`${world}/second/acts`) ? { done: { made: `${world}/second` } } : 'not-started',
    capture: () => ({ before: 'nothing '.repeat(200) }),
    describe: 'make the second folder',
    run: async ({ params: { world }, exec }) => {
      await exec(sh`mkdir -p ${world}/second`);
      appendFileSync(`${world}/second/acts`, 'once\n');
      return { made: `${world}/second` };
    },
    verify: async ({ params: { world }, host }) => {
      if ((await host.files.stat(`${world}/second`)) === undefined) throw new Error('it is not there');
    },
    undo: ({ params: { world } }) => [sh`rm -r -f ${world}/second`],
  })
  .check('whole', {
    needs: ['second'],
    expect: 'both folders are there',
    run: async ({ params: { world }, host }) => ({
      verdict: (await host.files.stat(`${world}/first`)) === undefined ? 'FAIL' : 'PASS',
      observed: 'looked',
    }),
  });
