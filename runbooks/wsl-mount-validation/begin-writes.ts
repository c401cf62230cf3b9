import { operation, StepError, z, type Host } from 'migrate-runbook';
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

const begun = z.object({
  folder: z.string(),
  /** Of the writer and the build. */
  units: z.array(z.string()),
  /** Nix options that work on the store beside the files; null without Nix. */
  store: z.string().nullable(),
  derivation: z.string().nullable(),
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
  capture: ({ input: { p }, run }) => ({
    folder: `${p.storageMount}/.migrate-writes-${run.id}`,
    units: [`migrate-writes-${run.id}.service`, `migrate-build-${run.id}.service`],
  }),
  output: begun,
  idempotent: true,
  describe: ({ captured: { folder, units } }) => [
    `write files to ${folder} without a pause, in the unit ${units[0]}`,
    `build something without an end, in the unit ${units[1]}`,
  ],
  run: async ({ host, exec, sh, captured: { folder, units }, input: { p }, run }) => {
    await requireMounted(host, storage(p));
    const [writes = '', build = ''] = units;
    await exec(sh.with({ ok: [0, 5] })`systemctl stop ${units}`);
    await exec(sh`rm -rf --one-file-system -- ${folder}`);
    await exec({ argv: ['sh', '-c', reference, 'reference', folder] });
    const hasNix =
      (await host.exec({ argv: ['sh', '-c', 'command -v nix-store'] }, { anyExit: true })).exitCode === 0;
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
    const store = hasNix ? storeIn(folder) : null;
    await start(writes, ['sh', script, folder, store ?? '', String(limitSeconds)]);
    let derivation: string | null = null;
    if (hasNix) {
      const { stdout } = await exec({ argv: ['nix-instantiate', '--expr', endlessBuild(run.id)] });
      derivation = /^\/\S+\.drv/m.exec(stdout)?.[0] ?? null;
      if (derivation !== null) {
        const alone = ['--option', 'substitute', 'false', '--option', 'builders', ''];
        await start(build, [
          'nix-store',
          ...alone,
          '--timeout',
          String(limitSeconds),
          '--realise',
          derivation,
        ]);
      }
    }
    let acknowledged = 0;
    const isAtWork = await waitFor(host, startSeconds, async () => {
      acknowledged = await acknowledgedIn(host, folder);
      return acknowledged >= 3;
    });
    if (isAtWork) return { folder, units, store, derivation, acknowledged };
    throw new StepError(
      'writes.none',
      `${writes} has written next to nothing to ${folder} in ${startSeconds} s`,
      `See: journalctl -u ${writes} -n 20`,
    );
  },
  undo: ({ captured: { folder, units }, sh }) => [
    // 5: there is no such unit (any more).
    sh.with({ ok: [0, 5] })`systemctl stop ${units}`,
    sh`rm -rf --one-file-system -- ${folder}`,
  ],
});

export async function acknowledgedIn(host: Host, folder: string): Promise<number> {
  return lastAcknowledged((await host.files.read(`${folder}/acknowledged`)) ?? '');
}

/** Removes what was written, once it was looked at, and what the build has left. */
export const removeWrites = operation({
  operation: 'remove-writes',
  version: 1,
  reversal: 'undo',
  input: begun,
  idempotent: true,
  commands: ({ input: { folder, units, derivation }, sh }) => [
    sh.with({ ok: [0, 5] })`systemctl stop ${units}`,
    sh`rm -rf --one-file-system -- ${folder}`,
    // 1: it is gone already.
    ...(derivation === null ? [] : [sh.with({ ok: [0, 1] })`nix-store --delete ${derivation}`]),
  ],
  // It was made to be removed.
  undo: () => [],
});
