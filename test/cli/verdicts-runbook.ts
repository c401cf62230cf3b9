import { runbook, z } from 'migrate-runbook';

/** One check of each verdict, by real commands; a file heals what fails. */
export default runbook('verdicts', {
  summary: 'Restarts of a stack, looked at from all sides',
  params: z.object({ folder: z.string() }),
})
  .phase('Preconditions')
  .check('no-op', {
    title: 'A no-op rebuild changes nothing',
    expect: 'the same start times before and after',
    run: async ({ $ }) => ({
      verdict: 'PASS' as const,
      observed: `both said ${(await $`printf ${'<b>2026</b>'}`).stdout}`,
    }),
  })
  .phase('Restarts')
  .check('surfaces', {
    title: 'A failing health check surfaces',
    expect: 'the restart returns what its work did',
    knownLimitation: 'the exit code of a restart says nothing of a oneshot unit',
    run: async ({ $ }) => {
      const { exitCode } = await $.anyExit`sh -c ${'echo timeout waiting for health >&2; exit 1'}`;
      return {
        verdict: 'PARTIAL' as const,
        observed: `the work ended with ${exitCode}, and the restart with 0`,
        evidence: { ExecMainStatus: exitCode ?? -1 },
      };
    },
  })
  .check('drift', {
    title: 'Drift is healed by a no-op rebuild',
    expect: 'the link is back',
    onFailure: 'continue',
    knownLimitation: 'only an activation heals it',
    run: async ({ $, params }) => {
      const { exitCode } = await $.anyExit`test -e ${params.folder}/healed`;
      return exitCode === 0
        ? { verdict: 'PASS' as const, observed: 'it is back' }
        : { verdict: 'FAIL' as const, observed: 'the plain file is still there' };
    },
  })
  .check('stale', {
    title: 'A stale drop-in is found',
    expect: 'the audit names it',
    run: () => ({
      verdict: 'BLOCKED' as const,
      observed: '/etc/systemd/user is mounted read-only',
      unblock: 'run it on a machine whose /etc can be written to',
    }),
  });
