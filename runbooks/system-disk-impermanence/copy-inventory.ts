import {
  absolutePath,
  operation,
  StepError,
  z,
  type ActContext,
  type Command,
  type Host,
} from 'migrate-runbook';
import { requireMounted } from 'migrate-runbook/operations';
import { machine, type Params } from './params.ts';
import { presentEntries } from './old-machine.ts';

const input = z.strictObject({
  params: machine,
  /** Where the old root is mounted, read-only. */
  from: absolutePath,
  /** Where /persist of the new disk is mounted. */
  to: absolutePath,
  uuid: z.string(),
});
type Input = z.output<typeof input>;

const output = z.object({
  entries: z.number(),
  /** Of the inventory, not on the old machine, heaviest first. */
  absent: z.array(z.object({ path: z.string(), need: z.string() })),
});

/** What is copied together: from a root, beneath a folder of /persist. */
interface Group {
  readonly from: string;
  readonly to: string;
  readonly paths: readonly string[];
}

/**
 * Copies what the inventory names from the old root to /persist: with owners by number, modes, links, ACLs, attributes
 * and holes, and with the folders above each of them as they are. Then all of it is read again on both sides and compared.
 */
export const copyInventory = operation({
  operation: 'copy-inventory',
  version: 1,
  reversal: 'undo',
  input,
  output,
  idempotent: true,
  describe: ({ input }) => [
    `copy what the inventory names from ${input.from} to ${input.to}`,
    'compare both sides byte by byte',
  ],
  run: async (context) => {
    const { host, input, exec, log } = context;
    const groups = await groupsOf(host, input);
    for (const group of groups) {
      await requireMounted(host, { point: input.to, uuid: input.uuid });
      await exec({ argv: ['mkdir', '-p', '-m', '0755', '--', group.to] });
      await exec(rsync(group, []));
    }
    await mustBeEqual(context, groups);
    const all = await presentEntries(host, input.params, input.from);
    const absent = all.filter(({ there }) => !there).map(({ path, need }) => ({ path, need }));
    for (const { path, need } of absent) log(`not on the old machine: ${path} (${need})`);
    return { entries: all.length - absent.length, absent };
  },
  undoNeeds: [
    {
      name: 'the installer, with the new disk mounted',
      check: async ({ host, input }) =>
        requireMounted(host, { point: input.to, uuid: input.uuid }).then(
          () => true as const,
          () =>
            `${input.to} is not the new disk: boot the installer, and mount it (sh RUN/mount.sh). To go back, nothing of this is needed: boot the old disk`,
        ),
    },
  ],
  undo: {
    describe: ({ input }) => `remove what was copied to ${input.to}`,
    run: async ({ host, input, exec }) => {
      await requireMounted(host, { point: input.to, uuid: input.uuid });
      await exec({
        argv: ['rm', '-rf', '--one-file-system', '--', `${input.to}/system`, `${input.to}/home`],
      });
    },
    breakGlass: ({ input }) =>
      `Nothing of the old disk was changed. What was copied lies in ${input.to}/system and ${input.to}/home on the new disk.`,
  },
});

async function groupsOf(host: Host, { params: p, from, to }: Input): Promise<readonly Group[]> {
  const entries = (await presentEntries(host, p, from)).filter(({ there }) => there);
  const system = entries.filter(({ home }) => home === undefined).map(({ path }) => path.slice(1));
  const users = [...new Set(entries.flatMap(({ home }) => (home === undefined ? [] : [home])))];
  return [
    { from, to: `${to}/system`, paths: system },
    ...users.map((user) => ({
      from: `${from}/home/${user}`,
      to: `${to}/home/${user}`,
      paths: entries.filter(({ home }) => home === user).map(({ path }) => path),
    })),
  ].filter(({ paths }) => paths.length > 0);
}

function rsync({ from, to, paths }: Group, options: readonly string[]): Command {
  return {
    argv: [
      'rsync',
      '-aHAXS',
      '--numeric-ids',
      '--recursive',
      '--relative',
      '--from0',
      '--files-from=-',
      ...options,
      `${from}/`,
      `${to}/`,
    ],
    input: paths.map((path) => `${path}\0`).join(''),
  };
}

/** @throws StepError `inventory.differs` */
async function mustBeEqual({ exec }: Pick<ActContext, 'exec'>, groups: readonly Group[]): Promise<void> {
  for (const group of groups) {
    const { stdout } = await exec(rsync(group, ['--checksum', '--dry-run', '--itemize-changes']));
    const different = stdout.split('\n').filter((line) => line.trim() !== '');
    if (different.length === 0) continue;
    throw new StepError(
      'inventory.differs',
      `${different.length} of what was copied to ${group.to} differ from ${group.from}, such as ${different[0]}`,
      'Run the step again. When it stays so, look for a failing disk: dmesg',
    );
  }
}

/** The user's folder of /persist, and what the inventory says of owners and modes. */
export function permissionCommands(
  p: Params,
  to: string,
  owner: { uid: number; gid: number },
): readonly Command[] {
  return [
    { argv: ['chown', `${owner.uid}:${owner.gid}`, '--', `${to}/home/${p.user}`] },
    { argv: ['chmod', '0700', '--', `${to}/home/${p.user}`] },
    { argv: ['chmod', '0755', '--', `${to}/system`, `${to}/home`] },
  ];
}
