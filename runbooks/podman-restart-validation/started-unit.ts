import { operation, z } from 'migrate-runbook';
import { account, ctlOf, scope } from './account.ts';
import { asking, readUnit, unitState, userUnit } from './ask.ts';

export const started = z.object({
  /** Of systemctl. */
  exitCode: z.number().nullable(),
  state: unitState,
  /** What the unit has printed by it; the last lines. */
  said: z.array(z.string()),
  /** Of the stack, afterwards. */
  stack: unitState,
});
export type Started = z.output<typeof started>;

/**
 * Starts a unit that ends by itself, or restarts one that stays, whatever comes of it, and tells what it said and
 * how a stack stands afterwards. It does what its schedule does, so there is nothing to take back.
 */
export const startUnit = operation({
  operation: 'start-and-look',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({
    account,
    scope,
    verb: z.enum(['start', 'restart']),
    unit: z.string(),
    stack: z.string(),
  }),
  output: started,
  idempotent: true,
  describe: ({ input: { account, scope, verb, unit } }) => [{ argv: ctlOf(account, scope, verb, unit) }],
  run: async ({ host, input: { account, scope, verb, unit, stack }, exec }) => {
    const ask = asking(host);
    const { exitCode } = await exec({ argv: ctlOf(account, scope, verb, unit), cwd: '/' }, { anyExit: true });
    const ctl = (...words: string[]) => ctlOf(account, scope, ...words);
    const state = await readUnit(ask, ctl, unit);
    const id = (await ask(ctl('show', unit, '--property=InvocationID', '--value'))).stdout.trim();
    const those = scope === 'user' ? `_SYSTEMD_USER_UNIT=${unit}` : `_SYSTEMD_INVOCATION_ID=${id}`;
    const { stdout } = await ask(['journalctl', '--no-pager', '--output=cat', '--lines=40', those]);
    return {
      exitCode,
      state,
      said: stdout.split('\n').filter(Boolean),
      stack: await userUnit(ask, account, stack),
    };
  },
  undo: () => [],
});
