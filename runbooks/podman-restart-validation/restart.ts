import { operation, z, type ActContext } from 'migrate-runbook';
import { account, asUser, userctl, type Account } from './account.ts';
import { asking, unitState, userUnit } from './ask.ts';

export const restarted = z.object({
  unit: z.string(),
  /** Of systemctl. */
  exitCode: z.number().nullable(),
  state: unitState,
  /** Of podman's own health check; null where there is none to ask. */
  health: z.number().nullable(),
});
export type Restarted = z.output<typeof restarted>;

const input = z.strictObject({
  account,
  stacks: z.array(z.object({ unit: z.string(), container: z.string() })).readonly(),
});

/**
 * Restarts user units one after the other, whatever systemctl exits with, and tells how each stands then. The undo
 * starts those that were up.
 */
export const restartStacks = operation({
  operation: 'restart-user-units',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input }) => {
    const up: string[] = [];
    for (const { unit } of input.stacks) {
      const { ActiveState } = await userUnit(asking(host), input.account, unit);
      if (ActiveState === 'active' || ActiveState === 'activating') up.push(unit);
    }
    return { up };
  },
  output: z.array(restarted),
  idempotent: true,
  describe: ({ input }) =>
    input.stacks.map(({ unit }) => ({ argv: userctl(input.account, 'restart', unit) })),
  run: async ({ host, input, exec }) => {
    const all: Restarted[] = [];
    for (const stack of input.stacks) all.push(await restartOne({ host, exec }, input.account, stack));
    return all;
  },
  undo: ({ input, captured }) =>
    captured.up.flatMap((unit) => [
      // One that has failed too often would not start.
      { argv: userctl(input.account, 'reset-failed', unit), cwd: '/', ok: [0, 1] },
      { argv: userctl(input.account, 'start', unit), cwd: '/' },
    ]),
});

export async function restartOne(
  { host, exec }: Pick<ActContext, 'host' | 'exec'>,
  account: Account,
  { unit, container }: { readonly unit: string; readonly container: string },
): Promise<Restarted> {
  const ask = asking(host);
  const { exitCode } = await exec({ argv: userctl(account, 'restart', unit), cwd: '/' }, { anyExit: true });
  const state = await userUnit(ask, account, unit);
  const health = await ask(asUser(account, 'podman', 'healthcheck', 'run', container));
  // 125: it does not run, or has no health check.
  return { unit, exitCode, state, health: health.exitCode === 125 ? null : health.exitCode };
}
