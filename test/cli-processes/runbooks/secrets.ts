import { runbook, secret, sh, z } from 'migrate-runbook';

/** Uses two secrets in every way that a runbook may, with commands that print them. */
export default runbook('secrets', {
  summary: 'Uses secrets',
  params: z.object({
    world: z.string(),
    programs: z.string(),
    token: secret('the token of the service'),
    password: secret('the password of the backup'),
  }),
})
  .step('by-command', {
    idempotent: true,
    commands: ({ params: { token, password, world, programs } }) => [
      sh.with({ env: { TOKEN: token, PASSWORD: password } })`${programs}/tell-secrets.sh ${world}/told`,
      sh`${programs}/wait-for.sh ${world}/go`,
    ],
    undo: ({ params: { token, programs, world } }) => [
      sh.with({ env: { TOKEN: token } })`${programs}/tell-secrets.sh ${world}/undone`,
    ],
  })
  .step('by-code', {
    needs: ['by-command'],
    idempotent: true,
    output: z.object({ said: z.string() }),
    capture: async ({ params: { password, programs, world }, host }) => {
      const command = sh.with({ env: { PASSWORD: password } })`${programs}/tell-secrets.sh ${world}/captured`;
      return { said: (await host.exec(command)).stdout };
    },
    probe: async ({ params: { token, programs, world }, host }) => {
      await host.exec(sh.with({ env: { TOKEN: token } })`${programs}/tell-secrets.sh ${world}/probed`);
      return 'not-started' as const;
    },
    describe: 'tell the secrets by code',
    run: async ({ params: { token, programs, world }, exec, log }) => {
      const command = sh.with({ env: { TOKEN: token } })`${programs}/tell-secrets.sh ${world}/by-code`;
      const { stdout, stderr } = await exec(command);
      log(stdout);
      return { said: stdout + stderr };
    },
    undo: () => [],
  })
  .step('everything', {
    needs: ['by-code'],
    readonly: true,
    // Was given no secret, and prints all that it finds.
    commands: () => [sh`env`],
  })
  .check('looks', {
    needs: ['everything'],
    expect: 'nobody to tell',
    onFailure: 'continue',
    run: async ({ $, params: { password } }) => {
      // Was given no secret, and reads one where it lies.
      const { stdout } = await $`cat ${password.name}`;
      return { verdict: 'FAIL' as const, observed: stdout.trim(), evidence: { told: [stdout] } };
    },
  })
  .step('tries', {
    needs: ['everything'],
    readonly: true,
    onFailure: 'continue',
    retry: { retries: 1, minDelayMs: 10 },
    commands: ({ params: { token, programs, world } }) => [
      sh.with({ env: { TOKEN: token } })`${programs}/tell-secrets.sh ${world}/tried fail`,
    ],
  });
