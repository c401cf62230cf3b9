import { operation, z, type Finding, type Host } from 'migrate-runbook';
import { benchmarkStatistics, requireMounted } from 'migrate-runbook/operations';
import { chartOf } from '../wsl-nix-store/benchmarks.ts';
import { within } from './instances.ts';
import { params, storage, type Params } from './params.ts';

/**
 * `sh work NAME COUNT` adds so many paths to the store, counts those that failed and those that had to wait for a
 * lock, deletes exactly these, and prints how long the adding took. `sh clean NAME` deletes what a killed one left.
 * `sh verify` checks the whole store.
 */
const script = `
set -u
case "$1" in
clean)
  for path in /nix/store/*-"$2"-*; do
    [ ! -e "$path" ] || nix-store --delete "$path" >/dev/null 2>&1
  done
  exit 0
  ;;
verify)
  nix-store --verify --check-contents >/dev/null 2>&1
  echo "migrate: verified=$?"
  exit 0
  ;;
esac
name=$2 count=$3 failed=0 waited=0
folder=$(mktemp -d)
: >"$folder/paths"
number=0
while [ $number -lt "$count" ]; do
  number=$((number + 1))
  head -c 65536 /dev/urandom >"$folder/$name-$number"
done
began=$(date +%s%N)
number=0
while [ $number -lt "$count" ]; do
  number=$((number + 1))
  nix-store --add "$folder/$name-$number" >>"$folder/paths" 2>"$folder/said" || failed=$((failed + 1))
  if grep -qiE 'waiting|busy|locked' "$folder/said"; then waited=$((waited + 1)); fi
done
ended=$(date +%s%N)
xargs nix-store --delete <"$folder/paths" >/dev/null 2>&1
rm -r "$folder"
echo "migrate: ms=$(((ended - began) / 1000000)) failed=$failed waited=$waited"
`;

const round = z.object({ ms: z.number(), failed: z.number(), waited: z.number() });
type Round = z.output<typeof round>;

const timed = z.object({
  /** By instance, each by itself. */
  alone: z.record(z.string(), z.array(round)),
  /** By instance, all at the same time. */
  together: z.record(z.string(), z.array(round)),
  /** Twice at the same time in one and the same store. */
  oneStore: z.array(round),
  /** Instances whose store is not sound afterwards. */
  unsound: z.array(z.string()),
});
type Timed = z.output<typeof timed>;

/** Times Nix in each store alone, in all of them at once, and twice in one. */
export const nixAtOnce = operation({
  operation: 'nix-at-once',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({ p: params }),
  capture: ({ input: { p }, run }) => ({
    folder: `${p.storageMount}/.migrate-at-once-${run.id}`,
    name: `migrate-at-once-${run.id}`,
  }),
  output: timed,
  idempotent: true,
  timeout: '2h',
  describe: ({ input: { p } }) =>
    `add ${p.paths} paths to each store, alone, at once and twice in one, ${p.rounds} times each, and delete exactly these`,
  run: async ({ host, exec, sh, input: { p }, captured: { folder, name }, progress }): Promise<Timed> => {
    await requireMounted(host, storage(p));
    await exec(sh`mkdir -p -- ${folder}`);
    const file = `${folder}/work.sh`;
    await host.files.replace(file, script, { mode: 0o644 });
    const alone: Record<string, Round[]> = {};
    const together: Record<string, Round[]> = {};
    const oneStore: Round[] = [];
    const unsound: string[] = [];
    let part = 0;
    const work = async (one: (typeof p.instances)[number]) => {
      part += 1;
      const { stdout } = await exec(within(one, 'root', file, 'work', `${name}-${part}`, p.paths));
      return roundOf(stdout);
    };
    try {
      for (let number = 0; number < p.rounds; number += 1) {
        progress({ doing: 'timing', doneFiles: number, totalFiles: p.rounds });
        for (const one of p.instances) (alone[one.name] ??= []).push(await work(one));
        const all = await Promise.all(p.instances.map(async (one) => [one.name, await work(one)] as const));
        for (const [of, result] of all) (together[of] ??= []).push(result);
        const [first] = p.instances;
        if (first !== undefined) oneStore.push(...(await Promise.all([work(first), work(first)])));
      }
      for (const one of p.instances) {
        const { stdout } = await exec(within(one, 'root', file, 'verify'));
        if (!stdout.includes('migrate: verified=0')) unsound.push(one.name);
      }
    } finally {
      await clean(host, p, file, name);
      await exec(sh`rm -rf --one-file-system -- ${folder}`);
    }
    return { alone, together, oneStore, unsound };
  },
  undo: {
    describe: ({ captured: { name } }) => `delete the store paths named ${name}-…, where any are left`,
    run: async ({ host, exec, sh, input: { p }, captured: { folder, name } }) => {
      if ((await host.files.stat(folder)) === undefined) return;
      await clean(host, p, `${folder}/work.sh`, name);
      await exec(sh`rm -rf --one-file-system -- ${folder}`);
    },
    breakGlass: ({ captured: { folder, name } }) =>
      `Remove ${folder}. Store paths named ${name}-… are garbage, which the next nix-collect-garbage takes.`,
  },
});

async function clean(host: Host, p: Params, file: string, name: string): Promise<void> {
  if ((await host.files.stat(file)) === undefined) return;
  for (const one of p.instances) await host.exec(within(one, 'root', file, 'clean', name), { anyExit: true });
}

function roundOf(text: string): Round {
  const [, ms, failed, waited] = /migrate: ms=(\d+) failed=(\d+) waited=(\d+)/.exec(text) ?? [];
  if (ms === undefined) throw new Error(`the round has not told how long it took: ${text.slice(-200)}`);
  return { ms: Number(ms), failed: Number(failed), waited: Number(waited) };
}

/** Pure. All of them must come to their end; how much slower they are at once is a number, and a limit on it. */
export function judgeContention(limit: number, { alone, together, oneStore }: Timed): Finding {
  const ms = (rounds: readonly Round[] = []) => rounds.map((one) => one.ms);
  const median = (rounds: readonly Round[] | undefined) => benchmarkStatistics(ms(rounds)).medianMs;
  const all = [...Object.values(alone), ...Object.values(together), oneStore].flat();
  const failed = all.reduce((sum, one) => sum + one.failed, 0);
  const waited = all.reduce((sum, one) => sum + one.waited, 0);
  const times = Object.keys(alone).map((name) => ({
    name,
    aloneMs: median(alone[name]),
    togetherMs: median(together[name]),
    slowdown: Math.round((median(together[name]) / Math.max(1, median(alone[name]))) * 100) / 100,
  }));
  const most = Math.max(...times.map(({ slowdown }) => slowdown));
  const evidence = {
    times,
    oneStoreMs: ms(oneStore),
    failed,
    waitedForLocks: waited,
    chart: chartOf('Adding paths to the stores', [
      ...Object.entries(alone).map(([name, rounds]) => [`${name} alone`, ms(rounds)] as const),
      ...Object.entries(together).map(([name, rounds]) => [`${name}, all at once`, ms(rounds)] as const),
      ['twice in one store', ms(oneStore)],
    ]),
  };
  if (failed > 0)
    return { verdict: 'FAIL', observed: `${failed} additions failed while others worked`, evidence };
  const said = times.map(
    ({ name, aloneMs, togetherMs, slowdown }) =>
      `${name} ${aloneMs} ms alone, ${togetherMs} ms at once (×${slowdown})`,
  );
  const observed = `${said.join('; ')}; ${waited} additions waited for a lock`;
  return { verdict: most <= limit ? 'PASS' : 'PARTIAL', observed, evidence };
}

/** Pure. */
export function judgeStores({ unsound, alone }: Timed): Finding {
  return unsound.length === 0
    ? { verdict: 'PASS', observed: `${Object.keys(alone).join(', ')}: every path as Nix made it` }
    : {
        verdict: 'FAIL',
        observed: `not sound any more: ${unsound.join(', ')}; see nix-store --verify --check-contents there`,
      };
}
