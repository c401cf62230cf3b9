import { operation, sh, StepError, z, type Command, type Host } from 'migrate-runbook';
import { requireMounted } from 'migrate-runbook/operations';
import { params, storage } from './params.ts';
import { waitFor } from './wait-for.ts';
import { lastAcknowledged, writer } from './writer.ts';

const limitSeconds = 7_200;
const startSeconds = 30;
const referenceFiles = 8;

/** A script that fills a folder with files of chance, and notes their sums beside them. */
const reference = `
set -eu
mkdir -p "$1/reference"
cd "$1/reference"
for number in $(seq ${referenceFiles}); do
  head -c 262144 /dev/urandom >"file-$number"
done
sha256sum file-* >../reference.sums
sync ../reference.sums file-*
sync -f .
`;

/** Builds by the shell alone, without an end of its own. */
const endlessBuild = (salt: string) =>
  'derivation { name = "migrate-interrupted"; system = builtins.currentSystem; builder = "/bin/sh"; ' +
  `salt = "${salt}"; args = [ "-c" "while :; do echo writing > $out; done" ]; }`;

const built = z.object({ derivation: z.string(), output: z.string() });

const begun = z.object({
  folder: z.string(),
  /** Of the writer and the build. */
  units: z.array(z.string()),
  /** Nix options that work on the store beside the files; null without Nix. */
  store: z.string().nullable(),
  /** What is built, and left half; null without Nix. */
  built: built.nullable(),
  acknowledged: z.number(),
});

/** The paths of a store in a folder, as Nix is told of it. */
const storeIn = (folder: string) =>
  `local?real=${folder}/nix/store&state=${folder}/nix/var/nix&log=${folder}/nix/var/log`;

/**
 * Begins to write to the disk and to build, in units of their own that go on when this program ends, so that the
 * distribution can be terminated in the middle. They end by themselves after two hours.
 */
export const beginWrites = operation({
  operation: 'begin-writes',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({ p: params }),
  capture: async ({ host, input: { p }, run }) => ({
    folder: `${p.storageMount}/.migrate-writes-${run.id}`,
    units: [`migrate-writes-${run.id}.service`, `migrate-build-${run.id}.service`],
    built: await buildOf(host, run.id),
  }),
  output: begun,
  idempotent: true,
  describe: ({ captured: { folder, units } }) => [
    `write files to ${folder} without a pause, in the unit ${units[0]}`,
    `build something without an end, in the unit ${units[1]}`,
  ],
  run: async ({ host, exec, captured: { folder, units, built }, input: { p }, run }) => {
    await requireMounted(host, storage(p));
    const [writes = '', build = ''] = units;
    await exec(sh.with({ ok: [0, 5] })`systemctl stop ${units}`);
    await exec(sh`rm -rf --one-file-system -- ${folder}`);
    await exec({ argv: ['sh', '-c', reference, 'reference', folder] });
    const path = (await host.exec({ argv: ['sh', '-c', 'printf %s "$PATH"'] })).stdout;
    // A unit of NixOS finds next to nothing by itself, and a script in its unit would have its dollars expanded.
    const script = `${run.folder}/writer.sh`;
    await host.files.replace(script, writer);
    const start = (unit: string, words: readonly string[]) =>
      exec({
        argv: [
          ...(['systemd-run', '--quiet', `--unit=${unit}`, '--property=Type=exec'] as const),
          ...[`--property=Environment=PATH=${path}`, '--', ...words],
        ],
      });
    const store = built === null ? null : storeIn(folder);
    await start(writes, ['sh', script, folder, store ?? '', String(limitSeconds)]);
    if (built !== null) {
      await exec({ argv: ['nix-instantiate', '--expr', endlessBuild(run.id)] });
      const alone = ['--option', 'substitute', 'false', '--option', 'builders', ''];
      const limit = ['--timeout', String(limitSeconds)];
      await start(build, ['nix-store', ...alone, ...limit, '--realise', built.derivation]);
    }
    let acknowledged = 0;
    const isAtWork = await waitFor(host, startSeconds, async () => {
      acknowledged = await acknowledgedIn(host, folder);
      return acknowledged >= 3;
    });
    if (isAtWork) return { folder, units, store, built, acknowledged };
    throw new StepError(
      'writes.none',
      `${writes} has written next to nothing to ${folder} in ${startSeconds} s`,
      `See: journalctl -u ${writes} -n 20`,
    );
  },
  undo: ({ captured }) => removal(captured),
});

export async function acknowledgedIn(host: Host, folder: string): Promise<number> {
  return lastAcknowledged((await host.files.read(`${folder}/acknowledged`)) ?? '');
}

interface Made {
  readonly folder: string;
  readonly units: readonly string[];
  readonly built: z.output<typeof built> | null;
}

/** What takes all of it away, also when some of it is gone or was never there. */
function removal({ folder, units, built: paths }: Made): readonly Command[] {
  return [
    // 5: there is no such unit (any more).
    sh.with({ ok: [0, 5] })`systemctl stop ${units}`,
    sh`rm -rf --one-file-system -- ${folder}`,
    // 1: it is gone already. The lock of a build that was ended in the middle stays beside it else.
    ...(paths === null
      ? []
      : [
          sh.with({
            ok: [0, 1],
          })`nix-store --delete ${paths.output} ${paths.output}.lock ${paths.derivation}`,
        ]),
  ];
}

/** The paths of the build, which are evaluated and not yet made; null where there is no Nix. */
async function buildOf(host: Host, salt: string): Promise<z.output<typeof built> | null> {
  const there = await host.exec({ argv: ['sh', '-c', 'command -v nix-store'] }, { anyExit: true });
  if (there.exitCode !== 0) return null;
  const expression = `let it = ${endlessBuild(salt)}; in { derivation = it.drvPath; output = it.outPath; }`;
  const argv = ['nix-instantiate', '--eval', '--strict', '--json', '--expr', expression] as const;
  return built.parse(JSON.parse((await host.exec({ argv })).stdout));
}

/** Removes what was written, once it was looked at, and what the build has left. */
export const removeWrites = operation({
  operation: 'remove-writes',
  version: 1,
  reversal: 'undo',
  input: begun,
  idempotent: true,
  commands: ({ input: given }) => removal(given),
  // It was made to be removed.
  undo: () => [],
});
