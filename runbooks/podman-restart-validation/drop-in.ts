import { operation, z, type Command } from 'migrate-runbook';
import { account, asOwner, userctl, type Account } from './account.ts';
import { asking, pathsIn, userUnit } from './ask.ts';

const input = z.strictObject({
  account,
  unit: z.string(),
  /** Where units lie: the user's folder, or root's. */
  folder: z.string(),
  owner: z.enum(['system', 'user']),
  run: z.string(),
  /** Whether the manager is told of it. */
  load: z.boolean(),
});
type Input = z.output<typeof input>;

export const planted = z.object({
  path: z.string(),
  folderWasThere: z.boolean(),
  needsReload: z.string(),
  isLoaded: z.boolean(),
});
export type Planted = z.output<typeof planted>;

/**
 * Puts a drop-in that says nothing beside a user unit: its one setting is of those that systemd leaves alone. The
 * undo takes it away, and the manager forgets it.
 */
export const plantDropIn = operation({
  operation: 'plant-drop-in',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input }) => ({
    folderWasThere: (await host.files.stat(folderOf(input))) !== undefined,
  }),
  output: planted,
  idempotent: true,
  describe: ({ input }) => act(input),
  run: async ({ host, input, captured, exec }) => {
    for (const command of act(input)) await exec(command);
    const state = await userUnit(asking(host), input.account, input.unit);
    return {
      path: pathOf(input),
      folderWasThere: captured.folderWasThere,
      needsReload: state.NeedDaemonReload,
      isLoaded: pathsIn(state.DropInPaths).includes(pathOf(input)),
    };
  },
  undo: ({ input, captured }) => takeAway(input, captured.folderWasThere),
});

/** The same as a step of its own. */
export const removeDropIn = operation({
  operation: 'remove-drop-in',
  version: 1,
  reversal: 'undo',
  input: input.extend({ folderWasThere: z.boolean() }),
  idempotent: true,
  commands: ({ input: { folderWasThere, ...rest } }) => takeAway(rest, folderWasThere),
  undo: () => [],
});

function act(input: Input): readonly Command[] {
  const { account, owner, load, run } = input;
  return [
    { argv: asOwner(account, owner, 'mkdir', '-p', '--', folderOf(input)), cwd: '/' },
    // It looks into folders only that were there when it last read its files.
    reload(account),
    {
      argv: asOwner(account, owner, 'tee', '--', pathOf(input)),
      cwd: '/',
      input: `# ${run} takes it away again.\n[Unit]\nX-Migrate=${run}\n`,
    },
    ...(load ? [reload(account)] : []),
  ];
}

function takeAway(input: Input, folderWasThere: boolean): readonly Command[] {
  const { account, owner } = input;
  return [
    { argv: asOwner(account, owner, 'rm', '-f', '--', pathOf(input)), cwd: '/' },
    ...(folderWasThere
      ? []
      : [{ argv: asOwner(account, owner, 'rmdir', '--', folderOf(input)), cwd: '/', ok: [0, 1] }]),
    reload(account),
  ];
}

const folderOf = ({ folder, unit }: Input): string => `${folder}/${unit}.d`;
const pathOf = (input: Input): string => `${folderOf(input)}/zz-${input.run}.conf`;
const reload = (account: Account): Command => ({ argv: userctl(account, 'daemon-reload'), cwd: '/' });
