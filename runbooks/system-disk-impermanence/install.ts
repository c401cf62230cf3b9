import { absolutePath, operation, sh, z, type Finding, type Host } from 'migrate-runbook';
import { bootEntry, mountsAsPlanned } from './built-system.ts';
import type { Identities, Params } from './params.ts';

const input = z.strictObject({
  root: absolutePath,
  system: absolutePath,
  esp: absolutePath,
});

/**
 * Installs the system that was built before there was a disk: nothing is evaluated or fetched here. Its store paths came
 * with the copy of /nix.
 */
export const nixosInstall = operation({
  operation: 'nixos-install',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input }) => {
    const profiles = `${input.root}/nix/var/nix/profiles`;
    return {
      link: (await host.files.readLink(`${profiles}/system`)) ?? null,
      generations: (await host.files.list(profiles)) ?? [],
    };
  },
  probe: async ({ host, input }) => {
    const link = await host.files.readLink(`${input.root}/nix/var/nix/profiles/system`);
    const system = await host.files.readLink(`${input.root}/nix/var/nix/profiles/${link ?? 'none'}`);
    if (system !== input.system) return 'not-started';
    const entry = await bootEntry(host, input.esp, input.root);
    return entry?.init === `${input.system}/init` && entry.missing.length === 0 ? 'done' : 'partial';
  },
  idempotent: true,
  commands: ({ input }) => [
    sh`nixos-install --root ${input.root} --system ${input.system} --no-root-passwd --no-channel-copy`,
    sh`sync -f ${input.esp}`,
  ],
  undo: {
    describe: ({ input }) => `empty ${input.esp}, and put the profile of ${input.root} back`,
    run: async ({ host, input, captured, exec }) => {
      const profiles = `${input.root}/nix/var/nix/profiles`;
      const mounts = await host.mounts();
      if (!mounts.some(({ point }) => point === input.esp)) return;
      await exec(sh`find ${input.esp} -xdev -mindepth 1 -delete`);
      for (const name of (await host.files.list(profiles)) ?? []) {
        if (/^system-\d+-link$/.test(name) && !captured.generations.includes(name)) {
          await host.files.remove(`${profiles}/${name}`);
        }
      }
      if (captured.link !== null) await exec(sh`ln -sfnT ${captured.link} ${profiles}/system`);
    },
    breakGlass: 'Nothing of the old disk was changed: boot it. The new one can be divided anew at any time.',
  },
});

/** What the new disk will boot, and whether all of it is there. */
export async function willBoot(
  host: Host,
  p: Params,
  ids: Identities,
  given: { readonly root: string; readonly system: string },
): Promise<Finding> {
  const esp = `${given.root}${p.espMount}`;
  const entry = await bootEntry(host, esp, given.root);
  if (entry === undefined)
    return { verdict: 'FAIL', observed: `the boot loader on ${esp} has no default entry` };
  if (entry.missing.length > 0)
    return {
      verdict: 'FAIL',
      observed: `${entry.entry} names what is not there: ${entry.missing.join(', ')}`,
    };
  if (entry.init !== `${given.system}/init`) {
    return { verdict: 'FAIL', observed: `${entry.entry} boots ${entry.init}, not what was installed` };
  }
  const mounts = await mountsAsPlanned(host, given.system, p, ids, given.root);
  return { ...mounts, observed: `${entry.entry}: ${mounts.observed}` };
}

/**
 * What the installer finds of the hardware against what was built: modules that the initrd would lack, and UUIDs. What it
 * generates is only read; written, it would take the place of the root in memory.
 */
export async function hardwareFits(
  host: Host,
  root: string,
  configured: string,
  ids: Identities,
): Promise<Finding> {
  const { stdout } = await host.exec({
    argv: ['nixos-generate-config', '--show-hardware-config', '--root', root],
  });
  const listed = /availableKernelModules = \[([^\]]*)\]/.exec(stdout)?.[1] ?? '';
  const modules = [...listed.matchAll(/"([^"]+)"/g)].map((found) => found[1] ?? '');
  const lacking = modules.filter((module) => !configured.includes(`"${module}"`));
  const strange = [ids.nix, ids.persist].filter((uuid) => !stdout.includes(uuid));
  if (strange.length > 0) {
    return {
      verdict: 'FAIL',
      observed: `the installer does not see ${strange.join(', ')} mounted beneath ${root}`,
    };
  }
  if (lacking.length === 0) return { verdict: 'PASS', observed: `the initrd has ${modules.join(', ')}` };
  return {
    verdict: 'FAIL',
    observed: `the initrd lacks ${lacking.join(', ')}: the new disk may not be found at boot. Boot the old disk, add them to boot.initrd.availableKernelModules, and begin again`,
  };
}
