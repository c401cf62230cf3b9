import { runbook, sh, z } from 'migrate-runbook';

/** Changes the address of this machine, on the link over which the operator has come. */
export default runbook('cuts-off-network', {
  summary: 'Another address',
  params: z.object({ link: z.string(), from: z.string(), to: z.string(), world: z.string() }),
})
  .step('address', {
    confirmWithin: `${Number(process.env['MIGRATE_TEST_WITHIN_S'])}s`,
    // In this order: with the first address of a subnet the kernel deletes the others, too.
    commands: ({ params: { link, from, to } }) => [
      sh`ip address delete ${from}/24 dev ${link}`,
      sh`ip address add ${to}/24 dev ${link}`,
    ],
    probe: async ({ $, params: { link, from, to } }) => {
      const { stdout } = await $`ip -brief address show dev ${link}`;
      const is = (address: string) => stdout.split(/\s+/).includes(`${address}/24`);
      return is(to) && !is(from) ? 'done' : !is(to) && is(from) ? 'not-started' : 'partial';
    },
    undo: ({ params: { link, from, to } }) => [
      sh.with({ ok: [0, 2] })`ip address delete ${to}/24 dev ${link}`,
      sh.with({ ok: [0, 2] })`ip address add ${from}/24 dev ${link}`,
    ],
    idempotent: true,
  })
  .step('after', {
    needs: ['address'],
    commands: ({ params: { world } }) => [sh`touch ${world}/after`],
    undo: ({ params: { world } }) => [sh`rm -f ${world}/after`],
  });
