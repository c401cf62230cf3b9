import { operation, z, type Finding } from 'migrate-runbook';
import { requireMounted } from 'migrate-runbook/operations';
import { within } from './instances.ts';
import { folderOf, params, storage } from './params.ts';

/** `sh mark|look|unmark PATH`, run by root, and `try PATH`, run by an ordinary user. */
const script = `
case "$1" in
mark) echo mine >"$2" ;;
look) if [ -e "$2" ]; then echo migrate: seen; else echo migrate: unseen; fi ;;
try) if touch "$2" 2>/dev/null; then echo migrate: wrote; else echo migrate: denied; fi ;;
unmark) rm -f "$2" ;;
esac
`;

const found = z.object({
  /** Instances whose source is not their folder on the disk. */
  elsewhere: z.array(z.string()),
  pairs: z.array(
    z.object({
      /** Whose folder it is about. */
      of: z.string(),
      by: z.string(),
      /** Whether `by` sees at its own source what `of` wrote at its own. */
      seen: z.boolean(),
      /** Whether an ordinary user in `by` could write to the folder of `of`. */
      wrote: z.boolean(),
    }),
  ),
});
type Found = z.output<typeof found>;

/** Has each instance write a mark at its source, looks from each of the others, and tries to write to its folder. */
export const crossLook = operation({
  operation: 'cross-look',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({ p: params }),
  capture: ({ input: { p }, run }) => ({
    folder: `${p.storageMount}/.migrate-isolation-${run.id}`,
    mark: `.migrate-mark-${run.id}`,
  }),
  output: found,
  idempotent: true,
  describe: ({ input: { p } }) =>
    `have ${p.instances.map(({ name }) => name).join(', ')} write a mark each to ${p.source}, look for it from the others, and remove it`,
  run: async ({ host, exec, sh, input: { p }, captured: { folder, mark } }): Promise<Found> => {
    await requireMounted(host, storage(p));
    await exec(sh`mkdir -p -- ${folder}`);
    const file = `${folder}/look.sh`;
    await host.files.replace(file, script, { mode: 0o644 });
    const markOf = (name: string) => `${mark}-${name}`;
    const elsewhere: string[] = [];
    const pairs: Found['pairs'] = [];
    try {
      for (const one of p.instances) {
        await exec(within(one, 'root', file, 'mark', `${p.source}/${markOf(one.name)}`));
        const there = await host.files.stat(`${folderOf(p, one)}/${markOf(one.name)}`);
        if (there === undefined) elsewhere.push(one.name);
      }
      for (const of of p.instances) {
        for (const by of p.instances.filter(({ name }) => name !== of.name)) {
          const looked = await exec(within(by, 'root', file, 'look', `${p.source}/${markOf(of.name)}`));
          const attempt = `${folderOf(p, of)}/${mark}-by-${by.name}`;
          const tried = await exec(within(by, p.user, file, 'try', attempt));
          await exec(sh`rm -f -- ${attempt}`);
          pairs.push({
            of: of.name,
            by: by.name,
            seen: looked.stdout.includes('migrate: seen'),
            wrote: tried.stdout.includes('migrate: wrote'),
          });
        }
      }
    } finally {
      for (const one of p.instances) {
        await exec(within(one, 'root', file, 'unmark', `${p.source}/${markOf(one.name)}`), { anyExit: true });
      }
      await exec(sh`rm -rf --one-file-system -- ${folder}`);
    }
    return { elsewhere, pairs };
  },
  undo: ({ input: { p }, captured: { folder, mark }, sh }) => [
    // 1: a folder of these is not there.
    sh.with({
      ok: [0, 1],
    })`find ${p.source} ${p.instances.map((one) => folderOf(p, one))} -maxdepth 1 -name ${`${mark}-*`} -delete`,
    sh`rm -rf --one-file-system -- ${folder}`,
  ],
});

/** Pure. What one writes, the other does not see. */
export function judgeSeen({ elsewhere, pairs }: Found): Finding {
  const evidence = { elsewhere, pairs };
  const seen = pairs.filter((pair) => pair.seen).map(({ of, by }) => `${by} sees what ${of} writes`);
  if (seen.length > 0) return { verdict: 'FAIL', observed: seen.join('; '), evidence };
  if (elsewhere.length > 0) {
    const observed = `${elsewhere.join(', ')} does not live on the disk yet: turn its bind mount on, rebuild and restart it`;
    return { verdict: 'BLOCKED', observed, evidence };
  }
  return {
    verdict: 'PASS',
    observed: `in ${pairs.length} directions none sees what another writes`,
    evidence,
  };
}

/** Pure. And its ordinary users cannot write there. Root of each can, since the disk belongs to all of them. */
export function judgeWritten({ pairs }: Found): Finding {
  const evidence = { pairs };
  const wrote = pairs
    .filter((pair) => pair.wrote)
    .map(({ of, by }) => `a user in ${by} can write to the folder of ${of}`);
  if (wrote.length > 0) return { verdict: 'FAIL', observed: wrote.join('; '), evidence };
  return {
    verdict: 'PASS',
    observed: `in ${pairs.length} directions no ordinary user can write to another's folder`,
    evidence,
  };
}
