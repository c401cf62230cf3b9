import { absolutePath, operation, StepError, z, type Host } from 'migrate-runbook';
import { benchmarkStatistics } from 'migrate-runbook/operations';

const input = z.strictObject({
  source: absolutePath,
  /** `collect`: the deletion of one path. `both`: adding a path while a file is written beside the store. */
  work: z.enum(['collect', 'both']),
  runs: z.number().int().min(1),
  mebibytes: z.number().int().min(1),
});

/** What nobody has, so that it is neither in the store already nor shared with what is. */
const fill = 'head -c "$1" /dev/urandom >"$2" && sync "$2"';

/**
 * Times work on the store that is in use: collecting a path that was added for it, never anything else, or adding one
 * while a file of the same size is written and synced on the same disk.
 *
 * Output: `ms` of each run, their median, and `spread`, (slowest − fastest) ÷ median.
 * @throws StepError `benchmark.not-added`
 */
export const storeBenchmark = operation({
  operation: 'store-benchmark',
  version: 1,
  reversal: 'undo',
  input,
  capture: ({ input: { source, work }, host, run }) => {
    const name = `migrate-${work}-${run.id}-${host.clock.now().wall}`;
    return { name, beside: `${source}/var/${name}` };
  },
  output: z.object({ ms: z.array(z.number()), medianMs: z.number(), spread: z.number() }),
  idempotent: true,
  describe: ({ input: { work, runs, mebibytes, source } }) =>
    work === 'collect'
      ? `${runs} times add a path of ${mebibytes} MiB, and time its deletion`
      : `${runs} times add a path of ${mebibytes} MiB while ${mebibytes} MiB are written beside ${source}, and time both`,
  run: async (context) => {
    const {
      host,
      exec,
      sh,
      input: { source, work, runs, mebibytes },
      captured: { name, beside },
      run,
    } = context;
    await forget(host, source, name);
    const ms: number[] = [];
    for (let number = 1; number <= runs; number += 1) {
      context.progress({ doing: 'timing', doneFiles: number - 1, totalFiles: runs });
      const file = `${run.folder}/${name}-${number}`;
      await exec({ argv: ['sh', '-c', fill, 'fill', String(mebibytes * 1_048_576), file] });
      const add = async () => {
        const path = (await exec(sh`nix-store --add ${file}`)).stdout.trim();
        if (path.startsWith('/')) return path;
        throw new StepError('benchmark.not-added', `nix-store has not said where ${file} lies in the store`);
      };
      const write = sh`dd if=/dev/zero of=${beside} bs=1M count=${mebibytes} conv=fsync`;
      const before = work === 'collect' ? await add() : undefined;
      const began = host.clock.now().monotonic;
      const path = before ?? (await Promise.all([add(), exec(write)]))[0];
      if (work === 'collect') await exec(sh`nix-store --delete ${path}`);
      ms.push(Math.round(host.clock.now().monotonic - began));
      if (work === 'both') await exec(sh`nix-store --delete ${path}`);
      await exec(sh`rm -f -- ${file} ${beside}`);
    }
    return benchmarkStatistics(ms);
  },
  undo: {
    describe: ({ captured: { name } }) => `delete what is named ${name}`,
    run: async ({ host, exec, sh, input: { source, runs }, captured: { name, beside }, run }) => {
      await forget(host, source, name);
      const files = Array.from({ length: runs }, (_, index) => `${run.folder}/${name}-${index + 1}`);
      await exec(sh`rm -f -- ${files} ${beside}`);
    },
    breakGlass: ({ captured: { name, beside } }) =>
      `Remove ${beside}. Store paths named ${name}-… are garbage, which the next nix-collect-garbage takes.`,
  },
});

/** Deletes the paths of this benchmark alone; the name bears the run and the moment. */
async function forget(host: Host, source: string, name: string): Promise<void> {
  const store = `${source}/store`;
  const ours = ((await host.files.list(store)) ?? []).filter((entry) => entry.includes(`-${name}-`));
  for (const entry of ours) {
    await host.exec({ argv: ['nix-store', '--delete', `/nix/store/${entry}`], ok: [0, 1] });
  }
}
