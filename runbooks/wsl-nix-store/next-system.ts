import { operation, StepError, z, type Host } from 'migrate-runbook';
import { beneath, beneathRoot } from './beneath.ts';

const input = z.strictObject({ flake: z.string(), host: z.string(), source: z.string() });

interface Captured {
  readonly folder: string;
  /** Names in the store before the build, one a line, in the run's folder: too many for the journal. */
  readonly before: string;
  readonly system: string | null;
}

/**
 * Builds the host's next system into the store that is about to move, without activating anything.
 * The undo deletes exactly the store paths that the build added and nothing else needs.
 */
export const buildNextSystem = operation({
  operation: 'build-next-system',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input, run }): Promise<Captured> => {
    const folder = `${run.folder}/next-system`;
    const before = `${run.folder}/store-before`;
    const names = (await host.files.list(`${input.source}/store`)) ?? [];
    await host.files.replace(before, `${names.join('\n')}\n`);
    return {
      folder,
      before,
      system: (await host.files.realPath(`${input.source}/var/nix/profiles/system`)) ?? null,
    };
  },
  output: z.object({ system: z.string() }),
  probe: async ({ host, captured }) => {
    const system = await host.files.realPath(`${captured.folder}/result`);
    return system === undefined ? 'not-started' : { done: { system } };
  },
  idempotent: true,
  commands: ({ input, captured, sh }) => [
    sh`mkdir -p ${captured.folder}`,
    sh.with({ cwd: captured.folder })`nixos-rebuild build --flake ${`${input.flake}#${input.host}`}`,
  ],
  result: async ({ host, captured }) => {
    const system = await host.files.realPath(`${captured.folder}/result`);
    if (system === undefined)
      throw new StepError('nixos.not-built', `nixos-rebuild left no result in ${captured.folder}`);
    return { system };
  },
  undo: {
    describe: 'delete the store paths that the build added',
    run: async ({ host, input, captured, exec, sh }) => {
      const link = `${captured.folder}/result`;
      const system = await host.files.realPath(link);
      if (system === undefined) return;
      const before = new Set(((await host.files.read(captured.before)) ?? '').split('\n'));
      const deriver = (await exec(sh`nix-store --query --deriver ${system}`)).stdout.trim();
      // With the derivations, since these too lie in the store.
      const from = deriver.endsWith('.drv') ? [deriver, system] : [system];
      const { stdout } = await exec(sh`nix-store --query --requisites --include-outputs ${from}`);
      const made = stdout.split('\n').filter((path) => path !== '');
      const added = made.filter((path) => !before.has(path.slice(`${input.source}/store/`.length)));
      await forgetRoot(host, `${input.source}/var/nix/gcroots/auto`, link);
      // Whatever something else needs by now stays, and Nix says so with exit code 1.
      if (before.size > 1 && added.length > 0)
        await exec({ argv: ['nix-store', '--delete', ...added], ok: [0, 1] });
      await host.files.remove(link);
    },
    breakGlass: ({ input, captured }) => [
      {
        argv: ['sh', '-c', forgetBuild, 'sh', `${captured.folder}/result`, captured.before, input.source],
        only: [{ is: 'there', path: `${captured.folder}/result` }],
      },
    ],
  },
});

/**
 * The same as the undo, for a rescue shell. Its text is constant: the link to what was built, the file with
 * the names that were in the store before, and the Nix tree are its arguments.
 */
const forgetBuild = `
set -eu
link=$1 before=$2 source=$3
[ -s "$before" ]
system=$(readlink -f "$link")
derivation=$(nix-store --query --deriver "$system")
case $derivation in *.drv) ;; *) derivation=$system ;; esac
made=$(nix-store --query --requisites --include-outputs "$derivation" "$system")
export LC_ALL=C
sort "$before" >"$before.sorted"
added=$(for path in $made; do echo "\${path##*/}"; done | sort -u | comm -23 - "$before.sorted")
for root in "$source"/var/nix/gcroots/auto/*; do
  if [ "$(readlink "$root")" = "$link" ]; then rm -f "$root"; fi
done
# Whatever something else needs by now stays, and Nix says so with exit code 1.
set --
for name in $added; do set -- "$@" "$source/store/$name"; done
[ $# = 0 ] || nix-store --delete "$@" || [ $? = 1 ]
rm -f "$link" "$before.sorted"
`;

/** Removes the root through which Nix holds what a link leads to; the link itself does not count then. */
async function forgetRoot(host: Host, roots: string, link: string): Promise<void> {
  for (const name of (await host.files.list(roots)) ?? []) {
    if ((await host.files.readLink(`${roots}/${name}`)) === link) await host.files.remove(`${roots}/${name}`);
  }
}

/**
 * Makes the built system the one of the next boot. Its undo works also when the SSD is mounted over the
 * source and the running system lives on it: WSL boots from the tree beneath, so that is where the
 * profile is looked at and put back.
 */
export const bootNextSystem = operation({
  operation: 'boot-next-system',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input }) => {
    const folder = `${input.source}/var/nix/profiles`;
    const link = await host.files.readLink(`${folder}/system`);
    const system = await host.files.realPath(`${folder}/system`);
    if (link === undefined || system === undefined) {
      throw new StepError(
        'nixos.no-profile',
        `there is no system profile ${folder}/system`,
        'Run this on NixOS.',
      );
    }
    const generations = ((await host.files.list(folder)) ?? []).flatMap(
      (name) => /^system-(\d+)-link$/.exec(name)?.[1] ?? [],
    );
    return { link, system, next: `system-${Math.max(0, ...generations.map(Number)) + 1}-link` };
  },
  output: z.object({ system: z.string() }),
  probe: async ({ host, input, captured }) => {
    const folder = `${input.source}/var/nix/profiles`;
    const { stdout } = await host.exec(beneath({ argv: ['readlink', `${beneathRoot}${folder}/system`] }));
    if (stdout.trim() === captured.link) return 'not-started';
    // The boot hook runs after the profile is set, and nothing tells whether it did.
    return 'partial';
  },
  idempotent: true,
  commands: ({ input, sh }) => [sh`nixos-rebuild boot --flake ${`${input.flake}#${input.host}`}`],
  result: async ({ host, input, captured }) => {
    const system = await host.files.realPath(`${input.source}/var/nix/profiles/system`);
    if (system === undefined || system === captured.system) {
      throw new StepError(
        'nixos.other-system',
        `the profile still leads to ${captured.system}`,
        'See what nixos-rebuild said: migrate logs',
      );
    }
    return { system };
  },
  undoNeeds: [
    {
      name: 'the system before it, beneath the mount',
      check: async ({ host, input, captured }) => {
        const link = `${beneathRoot}${input.source}/var/nix/profiles/${captured.link}`;
        for (const path of [link, `${beneathRoot}${captured.system}/activate`]) {
          const { exitCode } = await host.exec(beneath({ argv: ['stat', '--format', '%n', path] }), {
            anyExit: true,
          });
          if (exitCode !== 0) return `${path.slice(beneathRoot.length)} is not there`;
        }
        return true;
      },
    },
  ],
  undo: ({ input, captured, sh }) => {
    const folder = `${beneathRoot}${input.source}/var/nix/profiles`;
    return [
      sh`ln -sfnT ${captured.link} ${folder}/system.migrate`,
      sh`mv -T ${folder}/system.migrate ${folder}/system`,
      sh`rm -f ${folder}/${captured.next}`,
      sh`sync -f ${folder}`,
    ].map(beneath);
  },
});
