import { operation, z, type Command } from 'migrate-runbook';
import { account, asOwner, asUser, ctlOf, scope, type Account, type Scope } from './account.ts';
import { asking, readUnit, unitState, type Ask } from './ask.ts';

const input = z.strictObject({
  account,
  scope,
  /** Whose containers it works on. */
  owner: scope,
  unit: z.string(),
  container: z.string(),
});
type Input = z.output<typeof input>;

export const containerOf = (run: { readonly id: string }): string => `migrate-auto-update-${run.id}`;

/** What the dry run says: which containers are due, and whether it reports an error by itself. */
export async function readDue(
  ask: Ask,
  account: Account,
  owner: Scope,
): Promise<{ readonly due: readonly string[]; readonly fails: boolean }> {
  const format = '--format={{.ContainerName}} {{.Updated}}';
  const { stdout, exitCode } = await ask(
    asOwner(account, owner, 'podman', 'auto-update', '--dry-run', format),
  );
  const lines = stdout.split('\n').map((line) => line.trim().split(/\s+/));
  return {
    due: lines.flatMap(([name = '', updated]) => (updated === 'pending' ? [name] : [])),
    fails: exitCode !== 0,
  };
}

/** The image of a container; null where podman knows none. */
export async function imageOf(ask: Ask, account: Account, name: string): Promise<string | null> {
  const argv = asUser(account, 'podman', 'container', 'inspect', '--format={{.ImageName}}', name);
  const { stdout, exitCode } = await ask(argv);
  return exitCode === 0 && stdout.trim() !== '' ? stdout.trim() : null;
}

/**
 * Gives podman something that its auto-update reports as an error: a container that does nothing, with a policy
 * that there is not. Podman looks at running ones only. The undo removes it.
 */
export const plantError = operation({
  operation: 'plant-auto-update-error',
  version: 1,
  reversal: 'undo',
  input: input.extend({ image: z.string(), command: z.array(z.string()).readonly() }),
  idempotent: true,
  commands: ({ input: { image, command, ...rest } }) => [
    remove(rest),
    {
      argv: asOwner(
        rest.account,
        rest.owner,
        ...(['podman', 'run', '--detach', '--quiet', '--network=none', `--name=${rest.container}`] as const),
        '--label=io.containers.autoupdate=there-is-no-such-policy',
        ...[image, ...command],
      ),
      cwd: '/',
    },
  ],
  undo: ({ input }) => [remove(input)],
});

export const removeError = operation({
  operation: 'remove-auto-update-error',
  version: 1,
  reversal: 'undo',
  input,
  idempotent: true,
  commands: ({ input }) => [remove(input)],
  undo: () => [],
});

const remove = ({ account, owner, container }: Pick<Input, 'account' | 'owner' | 'container'>): Command => ({
  argv: asOwner(account, owner, 'podman', 'rm', '--force', '--time=0', '--ignore', '--', container),
  cwd: '/',
});

export const updated = z.object({
  /** Of podman itself, asked what it would do. */
  podman: z.number().nullable(),
  exitCode: z.number().nullable(),
  state: unitState,
});
export type Updated = z.output<typeof updated>;

/**
 * Starts the unit that wraps auto-update, and tells how it ends. The undo stops it, and takes its failed state from
 * it when it had none before.
 */
export const runAutoUpdate = operation({
  operation: 'run-auto-update',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input: { account, scope, unit } }) => {
    const state = await readUnit(asking(host), (...words) => ctlOf(account, scope, ...words), unit);
    return { hadFailed: state.ActiveState === 'failed' };
  },
  output: updated.extend({ hadFailed: z.boolean() }),
  idempotent: true,
  describe: ({ input: { account, scope, unit } }) => [{ argv: ctlOf(account, scope, 'start', unit) }],
  run: async ({ host, input: { account, scope, owner, unit }, captured, exec }) => {
    const ask = asking(host);
    const podman = await ask(asOwner(account, owner, 'podman', 'auto-update', '--dry-run'));
    const { exitCode } = await exec(
      { argv: ctlOf(account, scope, 'start', unit), cwd: '/' },
      { anyExit: true },
    );
    const state = await readUnit(ask, (...words) => ctlOf(account, scope, ...words), unit);
    return { podman: podman.exitCode, exitCode, state, hadFailed: captured.hadFailed };
  },
  undo: ({ input, captured }) => forgetFailure(input, captured.hadFailed),
});

export const forgetAutoUpdate = operation({
  operation: 'forget-auto-update',
  version: 1,
  reversal: 'undo',
  input: input.extend({ hadFailed: z.boolean() }),
  idempotent: true,
  commands: ({ input: { hadFailed, ...rest } }) => forgetFailure(rest, hadFailed),
  undo: () => [],
});

function forgetFailure({ account, scope, unit }: Input, hadFailed: boolean): readonly Command[] {
  return [
    // Where a kill has left its start under way, it would fail afterwards.
    { argv: ctlOf(account, scope, 'stop', unit), cwd: '/' },
    ...(hadFailed ? [] : [{ argv: ctlOf(account, scope, 'reset-failed', unit), cwd: '/', ok: [0, 1] }]),
  ];
}
