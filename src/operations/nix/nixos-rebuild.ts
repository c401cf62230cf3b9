import { posix } from 'node:path';
import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { absolutePath, operation, sh, type Command, type Host } from '../../runbook/index.ts';
import { configuration } from './configuration.ts';

const systemProfile = '/nix/var/nix/profiles/system';
const namedProfiles = '/nix/var/nix/profiles/system-profiles/';

const input = z.strictObject({
  ...configuration,
  action: z.enum(['build', 'boot', 'switch']),
  profile: absolutePath.optional(),
  /** When an undone switch takes effect: at the next boot, or now, where nothing that the system lives on changes. */
  back: z.enum(['at-boot', 'now']).optional(),
});
type Input = z.output<typeof input>;

export interface Captured {
  /** The profile's generation, and the store path that it leads to; null where there is no profile. */
  readonly generation: number | null;
  readonly system: string | null;
  /** Holds the link to what is built, and so keeps it from garbage collection. */
  readonly folder: string;
}

/**
 * Builds a NixOS configuration, and for `boot` and `switch` makes it the system profile. It builds
 * first and by itself, so that there is something to hold the profile against. The previous system is
 * kept from garbage collection for as long as the run's folder exists: a rollback needs it.
 *
 * The undo puts the profile and the boot menu back. What runs changes by the next boot only, after
 * `switch` too, since switching back may stop mounts that the system lives on: give such a step
 * `effective: 'at-boot'`. Where no mount changes, `back: 'now'` switches back at once.
 *
 * Input: `flake`, `host`, `action`, `profile` (/nix/var/nix/profiles/system when left out), `back`.
 * Output: the store path of the system, and the profile's generation (null for `build`).
 * @throws StepError `nixos.no-profile`, `nixos.not-built`, `nixos.other-system`, `nixos.incomplete`
 */
export const nixosRebuild = operation({
  operation: 'nixos-rebuild',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input, run }): Promise<Captured> => {
    const { generation, system } = await readProfile(host, profileOf(input));
    if (system === null && input.action !== 'build') {
      throw new StepError(
        'nixos.no-profile',
        `there is no system profile ${profileOf(input)}`,
        'Run this on NixOS, or correct the profile.',
      );
    }
    const { wall } = host.clock.now();
    return { generation, system, folder: `${run.folder}/nixos-rebuild-${wall.toString(36)}` };
  },
  output: z.object({ system: z.string(), generation: z.number().nullable() }),
  probe: async ({ host, input, captured }) => {
    const built = await host.files.realPath(resultOf(captured));
    const { generation, system } = await readProfile(host, profileOf(input));
    if (input.action === 'build')
      return built === undefined ? 'not-started' : { done: { system: built, generation: null } };
    if (system === captured.system) return 'not-started';
    // The boot menu is written after the profile is set, and nothing tells whether it was.
    if (built !== undefined && system === built) return 'partial';
    return {
      unknown: `${profileOf(input)} leads to ${system ?? 'nothing'} (generation ${generation ?? '?'}), which this step did not build`,
    };
  },
  idempotent: true,
  preview: async ({ host, input }) => {
    const { generation, system } = await readProfile(host, profileOf(input));
    return {
      summary: `the profile is at generation ${generation ?? '?'}: ${system ?? 'nothing'}`,
      facts: { generation, system },
    };
  },
  commands: ({ input, captured }) => commandsFor(input, captured),
  result: ({ host, input, captured }) => standing(host, input, captured),
  verify: async ({ host, input, captured, output }) => {
    const now = await standing(host, input, captured);
    if (now.system !== output.system) {
      throw new StepError(
        'nixos.other-system',
        `the profile leads to ${now.system} by now, and not to ${output.system}`,
        'Somebody has rebuilt meanwhile; look at it with: nixos-rebuild list-generations',
      );
    }
    await closureMustExist(host, output.system);
  },
  undoNeeds: [
    {
      name: 'the system before it',
      check: async ({ host, input, captured }) => {
        if (input.action === 'build' || captured.system === null) return true;
        const switcher = `${captured.system}/bin/switch-to-configuration`;
        const found = await host.files.realPath(switcher);
        return (
          found !== undefined || `${switcher} is not there: it was collected as garbage, or is not mounted`
        );
      },
    },
  ],
  undo: ({ input, captured }) => {
    if (input.action === 'build' || captured.system === null) return [sh`rm -f -- ${resultOf(captured)}`];
    // The probe goes by the profile, so what is killed before that is set is begun again, and nothing that
    // counts comes after it: by then the system has switched and boots the old one.
    return [
      sh`${captured.system}/bin/switch-to-configuration ${backOf(input)}`,
      sh`nix-env --profile ${profileOf(input)} --set ${captured.system}`,
      // Only now the menu can list the profile as it is.
      sh`${captured.system}/bin/switch-to-configuration boot`,
    ];
  },
});

function profileOf({ profile }: Input): string {
  return profile ?? systemProfile;
}

function backOf({ action, back }: Input): 'boot' | 'switch' {
  return action === 'switch' && back === 'now' ? 'switch' : 'boot';
}

function resultOf({ folder }: Captured): string {
  return `${folder}/result`;
}

function commandsFor(input: Input, captured: Captured): readonly Command[] {
  const { folder, system } = captured;
  const flake = `${input.flake}#${input.host}`;
  const named = profileOf(input).startsWith(namedProfiles)
    ? ['--profile-name', posix.basename(profileOf(input))]
    : [];
  const inFolder = sh.with({ cwd: folder });
  return [
    sh`mkdir -p ${folder}`,
    inFolder`nixos-rebuild build --flake ${flake}`,
    ...(input.action === 'build'
      ? []
      : [
          ...(system === null
            ? []
            : [inFolder`nix-store --realise ${system} --add-root ${folder}/previous-system`]),
          inFolder`nixos-rebuild ${input.action} --flake ${flake} ${named}`,
        ]),
  ];
}

/** What was built, and that the profile leads there where it should. */
async function standing(
  host: Host,
  input: Input,
  captured: Captured,
): Promise<{ system: string; generation: number | null }> {
  const built = await host.files.realPath(resultOf(captured));
  if (built === undefined) {
    throw new StepError(
      'nixos.not-built',
      `nixos-rebuild left no result in ${captured.folder}`,
      'See its output with: migrate logs',
    );
  }
  if (input.action === 'build') return { system: built, generation: null };
  const { generation, system } = await readProfile(host, profileOf(input));
  if (system === built) return { system: built, generation };
  throw new StepError(
    'nixos.other-system',
    `${profileOf(input)} leads to ${system ?? 'nothing'}, and ${built} was built`,
    'The configuration was changed between build and activation, or another profile is in use; run the step again.',
  );
}

async function readProfile(
  host: Host,
  profile: string,
): Promise<{ generation: number | null; system: string | null }> {
  const link = await host.files.readLink(profile);
  const generation = link?.match(/-(\d+)-link$/)?.[1];
  return {
    generation: generation === undefined ? null : Number(generation),
    system: (await host.files.realPath(profile)) ?? null,
  };
}

async function closureMustExist(host: Host, system: string): Promise<void> {
  const { stdout } = await host.exec(sh`nix-store --query --requisites ${system}`);
  const paths = stdout.split('\n').filter((path) => path !== '');
  const there = await Promise.all(paths.map(async (path) => (await host.files.stat(path)) !== undefined));
  const missing = paths.filter((_, index) => there[index] === false);
  if (missing.length === 0 && paths.includes(system)) return;
  throw new StepError(
    'nixos.incomplete',
    `${missing.length} paths of the closure of ${system} are missing, such as ${missing[0] ?? system}`,
    'Repair them: nix-store --verify --check-contents --repair',
  );
}
