import { z } from 'zod';
import { StepError } from '../../errors.ts';
import {
  absolutePath,
  isPlaceholder,
  operation,
  sh,
  type Command,
  type Host,
  type UndoAction,
} from '../../runbook/index.ts';
import { accountId } from './account.ts';
import { isAsWanted, listEntries, sameEntry, type Entry, type Wanted } from './entries.ts';

const mode = z.string().regex(/^0?[0-7]{3,4}$/, { error: 'expected a mode in octal, such as 0750' });
/** Not a number, which JavaScript would read as decimal. */
const account = z
  .string()
  .regex(/^(\d+|[A-Za-z_][\w.-]*\$?)$/, { error: 'expected a name, or a number as text' });

const input = z
  .strictObject({
    path: absolutePath,
    mode: mode.optional(),
    owner: account.optional(),
    group: account.optional(),
    /** The same owner and group for all that lies in it, on the same file system; modes where they are given. */
    within: z.strictObject({ files: mode.optional(), folders: mode.optional() }).optional(),
  })
  .refine(
    ({ mode, owner, group, within }) =>
      [mode, owner, group, within?.files, within?.folders].some((each) => each !== undefined),
    { error: 'says neither mode, owner nor group' },
  );
type Input = z.output<typeof input>;

interface Captured {
  readonly wanted: Wanted;
  /** Those that are otherwise, as they are; nothing of the others changes. */
  readonly before: readonly Entry[];
}

/** How many entries the journal takes; each stands in it with its path. */
const mostEntries = 10_000;
/** Paths to a command, so that its arguments stay below what the kernel takes. */
const batch = 500;

/**
 * Gives a path its owner, group and mode, and by choice all that lies in it, as a rule of tmpfiles would. The undo
 * gives back to each entry what it had; what came later keeps what it has.
 *
 * Input: `path`; `mode`, `owner`, `group`; `within` for what lies in it.
 * @throws StepError `ownership.absent`, `ownership.no-account`, `ownership.name`, `ownership.too-many`,
 *   `ownership.not-changed`
 */
export const ownership = operation({
  operation: 'ownership',
  version: 1,
  reversal: 'undo',
  input,
  capture: ({ host, input }) => look(host, input),
  probe: async ({ host, input, captured }) => {
    const now = await listEntries(host, input.path, input.within !== undefined);
    if (now.every((entry) => isAsWanted(entry, input.path, captured.wanted))) return 'done';
    const byPath = new Map(now.map((entry) => [entry.path, entry]));
    const untouched = captured.before.every((entry) => {
      const there = byPath.get(entry.path);
      return there === undefined || sameEntry(there, entry);
    });
    return untouched ? 'not-started' : 'partial';
  },
  idempotent: true,
  preview: async ({ host, input }) => {
    const { before } = await look(host, input);
    return {
      summary: before.length === 0 ? 'all is so already' : `${before.length} entries will change`,
      facts: { changes: before.length },
    };
  },
  describe: ({ input, captured }) =>
    isPlaceholder(captured)
      ? `give ${input.path} ${[input.owner, input.group, input.mode].filter((each) => each !== undefined).join(' ')}`
      : change(input, captured.wanted),
  run: async ({ exec, host, input, captured }) => {
    for (const command of change(input, captured.wanted)) await exec(command);
    await mustBeSo(host, input, captured);
  },
  verify: ({ host, input, captured }) => mustBeSo(host, input, captured),
  undo: ({ captured }) => giveBack(captured.before),
});

async function look(host: Host, input: Input): Promise<Captured> {
  const { path, owner, group, within } = input;
  const wanted = {
    ...(owner === undefined ? {} : { uid: await accountId(host, 'passwd', owner) }),
    ...(group === undefined ? {} : { gid: await accountId(host, 'group', group) }),
    ...(input.mode === undefined ? {} : { mode: input.mode }),
    ...within,
  };
  const entries = await listEntries(host, path, within !== undefined);
  const before = entries.filter((entry) => !isAsWanted(entry, path, wanted));
  if (before.length <= mostEntries) return { wanted, before };
  throw new StepError(
    'ownership.too-many',
    `${before.length} entries of ${path} would change, more than the ${mostEntries} that can be remembered for the undo`,
    'Copy them with the right owner, or change them by hand in a manual gate.',
  );
}

/** The owner first: it takes setuid bits away, which the mode then gives. */
function change({ path, within }: Input, { uid, gid, mode, files, folders }: Wanted): readonly Command[] {
  const to = `${uid ?? ''}${gid === undefined ? '' : `:${gid}`}`;
  const isOther = [
    ...(uid === undefined ? [] : ['!', '-uid', String(uid)]),
    ...(uid === undefined || gid === undefined ? [] : ['-o']),
    ...(gid === undefined ? [] : ['!', '-gid', String(gid)]),
  ];
  const inside = ['-mindepth', '1', '-xdev'];
  const chmod = (type: 'f' | 'd', bits: string) =>
    sh`find ${path} ${inside} -type ${type} ! -perm ${bits} -exec chmod ${bits} -- ${'{}'} +`;
  return [
    ...(to === '' ? [] : [sh`chown -h ${to} -- ${path}`]),
    ...(to === '' || within === undefined
      ? []
      : [sh`find ${path} ${inside} ${['(', ...isOther, ')']} -exec chown -h ${to} -- ${'{}'} +`]),
    ...(mode === undefined ? [] : [sh`chmod ${mode} -- ${path}`]),
    ...(folders === undefined ? [] : [chmod('d', folders)]),
    ...(files === undefined ? [] : [chmod('f', files)]),
  ];
}

/** Entries that had the same get it back together. One that is gone by now is no failure. */
function giveBack(before: readonly Entry[]): readonly UndoAction[] {
  const owners = Map.groupBy(before, ({ uid, gid }) => `${uid}:${gid}`);
  const modes = Map.groupBy(
    before.filter(({ kind }) => kind !== 'other'),
    (entry) => entry.mode,
  );
  const each = (groups: Map<string, readonly Entry[]>, command: (to: string, paths: string[]) => Command) =>
    [...groups].flatMap(([to, entries]) =>
      batches(entries).map((some) => ({
        ...command(
          to,
          some.map(({ path }) => path),
        ),
        ok: [0, 1],
      })),
    );
  return [
    ...each(owners, (to, paths) => sh`chown -h ${to} -- ${paths}`),
    ...each(modes, (to, paths) => sh`chmod ${to} -- ${paths}`),
  ];
}

function batches<Item>(items: readonly Item[]): (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / batch) }, (_, index) =>
    items.slice(index * batch, (index + 1) * batch),
  );
}

async function mustBeSo(host: Host, { path, within }: Input, { wanted }: Captured): Promise<void> {
  const now = await listEntries(host, path, within !== undefined);
  const wrong = now.filter((entry) => !isAsWanted(entry, path, wanted));
  if (wrong.length === 0) return;
  const shown = wrong.slice(0, 3).map((each) => `${each.path} is ${each.uid}:${each.gid} ${each.mode}`);
  throw new StepError(
    'ownership.not-changed',
    `${shown.join('; ')}${wrong.length > shown.length ? `; and ${wrong.length - shown.length} more` : ''}`,
    'Changing an owner needs root, and a file system that has owners. See whether a service writes there.',
  );
}
