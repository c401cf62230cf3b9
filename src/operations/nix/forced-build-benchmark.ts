import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation, sh, type Command } from '../../runbook/index.ts';
import { alone, deletePaths, evaluate, nixString } from './nix-store.ts';

const input = z.strictObject({
  /** How many builds are timed; 5 when left out. */
  runs: z.number().int().min(1).max(100).optional(),
  /** What one build writes; 64 MiB when left out. */
  mebibytes: z.number().int().min(1).max(65_536).optional(),
});

/** Paths that are made for one timed build, and deleted after it. */
interface Build {
  readonly expression: string;
  readonly derivation: string;
  readonly output: string;
}

const chunksPerMebibyte = 16;

/**
 * Times local Nix builds of a derivation that writes so many bytes to the store. Each has a salt of its
 * own, so that none is found built already or fetched; the work is the same in every build and in every
 * step with the same input, so a baseline and a later measurement can be compared. It needs no network
 * and nothing but `/bin/sh`.
 *
 * Output: `ms` of each build in order, their median, and `spread`, (slowest − fastest) ÷ median.
 * @throws StepError `benchmark.not-forced` when a build was there before it was timed
 */
export const forcedBuildBenchmark = operation({
  operation: 'forced-build-benchmark',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input, run }) => {
    const { runs = 5, mebibytes = 64 } = input;
    const salt = `${run.id} ${host.clock.now().wall}`;
    const expressions = Array.from({ length: runs }, (_, index) => derivation(mebibytes, `${salt} ${index}`));
    const builds: Build[] = [];
    for (const expression of expressions) {
      builds.push({
        expression,
        derivation: await evaluate(host, undefined, `(${expression}).drvPath`),
        output: await evaluate(host, undefined, `(${expression}).outPath`),
      });
    }
    return { builds };
  },
  output: z.object({ ms: z.array(z.number()), medianMs: z.number(), spread: z.number() }),
  idempotent: true,
  describe: ({ input }) =>
    `build ${input.runs ?? 5} times a derivation that writes ${input.mebibytes ?? 64} MiB, measure, and delete exactly what was built`,
  run: async ({ exec, host, captured, progress }) => {
    const ms: number[] = [];
    for (const [index, build] of captured.builds.entries()) {
      progress({ doing: 'building', doneFiles: index, totalFiles: captured.builds.length });
      // An interrupted attempt may have left it.
      await exec(clean(build));
      await exec({ argv: ['nix-instantiate', '--expr', build.expression] });
      if (
        (await host.exec(sh`nix-store --check-validity ${build.output}`, { anyExit: true })).exitCode === 0
      ) {
        throw new StepError(
          'benchmark.not-forced',
          `${build.output} was there before it was to be built`,
          'Something keeps it: see nix-store --query --roots.',
        );
      }
      const began = host.clock.now().monotonic;
      await exec({ argv: ['nix-store', ...alone, '--realise', build.derivation] });
      ms.push(Math.round(host.clock.now().monotonic - began));
      await exec(clean(build));
    }
    return statistics(ms);
  },
  undo: ({ captured }) => captured.builds.map(clean),
});

/** @param ms at least one */
export function statistics(ms: readonly number[]): { ms: number[]; medianMs: number; spread: number } {
  const sorted = ms.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const medianMs = ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
  const spread = ((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)) / Math.max(1, medianMs);
  return { ms: [...ms], medianMs, spread: Math.round(spread * 1_000) / 1_000 };
}

function clean({ output, derivation }: Build): Command {
  return deletePaths(undefined, [output, derivation]);
}

/** Only what the shell itself can do: a sandbox has no other program. */
function derivation(mebibytes: number, salt: string): string {
  const script =
    'b=0123456789abcdef; i=0; while [ $i -lt 12 ]; do b=$b$b; i=$((i+1)); done; ' +
    `i=0; while [ $i -lt ${mebibytes * chunksPerMebibyte} ]; do printf %s "$b"; i=$((i+1)); done > $out`;
  return (
    'derivation { name = "migrate-benchmark"; system = builtins.currentSystem; builder = "/bin/sh"; ' +
    `salt = ${nixString(salt)}; args = [ "-c" ${nixString(script)} ]; }`
  );
}
