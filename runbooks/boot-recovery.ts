import { runbook } from 'migrate-runbook';
import { mountFileSystem } from 'migrate-runbook/operations';
import { fileSystemsAreSound, fileSystemsOf, found, runsFrom } from './boot-recovery/its-disk.ts';
import { params, target } from './boot-recovery/params.ts';
import { profileIn, profileOf } from './boot-recovery/profile.ts';
import { rehearsal } from './boot-recovery/rehearsal.ts';
import { wouldBoot } from './boot-recovery/would-boot.ts';
import { mountTarget } from './system-disk-impermanence/target-mounts.ts';

export default runbook('boot-recovery', {
  summary: 'Mend a machine with a root in memory that does not boot, from the installer',
  params,
  tools: ['lsblk', 'blkid', 'partx', 'nixos-enter'],
  root: true,
  claims: () => [{ kind: 'path', path: target, role: 'target' }],
  rehearsal,
})
  .phase('Look')
  .step('find', {
    title: 'The disk, and its file systems',
    readonly: true,
    output: found,
    describe: ({ params: p }) => `find the disk ${p.disk}, and on it esp, nix and persist`,
    run: ({ host, params: p }) => fileSystemsOf(host, p.disk),
  })
  .check('sound', {
    title: 'The file systems are sound',
    needs: ['find'],
    expect: 'e2fsck -n and fsck.vfat -n find nothing',
    run: ({ host, outputs }) => fileSystemsAreSound(host, outputs.find),
  })
  .phase('Mount')
  .step('mount-root', {
    title: 'Mount a root in memory',
    needs: ['sound'],
    use: mountTarget,
    with: () => ({ point: target, type: 'tmpfs' as const, options: 'size=1G,mode=755' }),
  })
  .step('mount-nix', {
    title: 'Mount /nix',
    needs: ['mount-root', 'find'],
    use: mountFileSystem,
    with: ({ outputs }) => ({
      uuid: outputs.find.nix,
      point: `${target}/nix`,
      type: 'ext4',
      options: ['noatime'],
    }),
  })
  .step('mount-persist', {
    title: 'Mount /persist',
    needs: ['mount-root', 'find'],
    use: mountFileSystem,
    with: ({ outputs }) => ({
      uuid: outputs.find.persist,
      point: `${target}/persist`,
      type: 'ext4',
      options: ['noatime'],
    }),
  })
  .step('mount-esp', {
    title: 'Mount the EFI system partition',
    needs: ['mount-root', 'find'],
    use: mountTarget,
    with: ({ params: p, outputs }) => ({
      point: `${target}${p.espMount}`,
      type: 'vfat' as const,
      uuid: outputs.find.esp,
      options: 'umask=0077',
    }),
  })
  .check('entry', {
    title: 'What it would boot',
    needs: ['mount-nix', 'mount-esp', 'find'],
    expect: 'a default entry with kernel, initrd and system, and file systems of this disk',
    // What is wrong is what is to be mended: it stops nothing.
    run: async ({ host, params: p, outputs }) => {
      const { what, wrong } = await wouldBoot(host, p, outputs.find);
      return wrong.length === 0
        ? { verdict: 'PASS', observed: `${what}, and all of it is there` }
        : { verdict: 'PARTIAL', observed: wrong.join('; ') };
    },
  })
  .phase('Mend')
  .manual('mended', {
    title: 'Mend the configuration',
    needs: ['entry', 'mount-persist'],
    instructions: ({ params: p }) =>
      [
        `Its flake lies in ${target}/persist${p.flake}. Undo the edit that broke it; where modules of the initrd are missing, see: nixos-generate-config --show-hardware-config --root ${target} (and never let it write: it would take the place of the root in memory).`,
        'Where nothing is wrong with it, such as after an update of the firmware that lost its boot entry, there is nothing to do here.',
      ].join('\n'),
  })
  .step('rebuild', {
    title: 'Build it, and install the boot loader',
    needs: ['mended', 'find'],
    when: ({ params: p }) => p.rebuild,
    timeout: '6h',
    idempotent: true,
    capture: async ({ host }) => ({
      link: (await host.files.readLink(profileIn(`${target}/nix`))) ?? null,
    }),
    commands: ({ params: p, sh }) => [
      // nixos-enter knows a NixOS by this file, which a root in memory does not keep.
      sh`mkdir -p ${target}/etc`,
      sh`touch ${target}/etc/NIXOS`,
      // A copy that belongs to root: Nix refuses a repository of somebody else.
      sh`rm -rf -- ${target}/configuration`,
      sh`mkdir -m 0700 ${target}/configuration`,
      sh`cp -a --no-preserve=ownership -- ${`${target}/persist${p.flake}/.`} ${target}/configuration`,
      sh`nixos-enter --root ${target} -- nixos-rebuild boot --flake ${`/configuration#${p.host}`}`,
    ],
    // The generations before it stay in the menu of the boot loader.
    undo: {
      describe: ({ captured: { link } }) =>
        link === null ? 'leave the profile as it is' : `make ${link} the profile again`,
      run: async ({ host, captured: { link }, outputs, exec, sh }) => {
        if (link !== null) await exec(sh`ln -sfnT ${link} ${await profileOf(host, outputs.find.nix)}`);
      },
      breakGlass: ({ captured: { link } }) =>
        link === null
          ? []
          : [
              {
                argv: ['ln', '-sfnT', link, profileIn(`${target}/nix`)],
                only: [{ is: 'mount-point', path: `${target}/nix` }],
              },
            ],
    },
  })
  .check('will-boot', {
    title: 'It has what it boots',
    needs: ['rebuild', 'mended', 'find'],
    expect: 'a default entry with kernel, initrd and system, and file systems of this disk',
    run: async ({ host, params: p, outputs }) => {
      const { what, wrong } = await wouldBoot(host, p, outputs.find);
      return wrong.length === 0
        ? { verdict: 'PASS', observed: what }
        : { verdict: 'FAIL', observed: wrong.join('; ') };
    },
  })
  .reboot('boot', {
    title: 'Boot it',
    needs: ['will-boot', 'find'],
    instructions: ({ run }) =>
      `Reboot from the disk. When it is up: migrate resume ${run.id} --state-dir FOLDER. When it does not come up, choose an earlier generation in the menu of the boot loader.`,
    verify: async ({ host, outputs }) => {
      const node = await host.files.realPath(`/dev/disk/by-uuid/${outputs.find.nix}`);
      const nix = (await host.mounts()).find(({ point }) => point === '/nix');
      if (nix?.source === node) return;
      throw new Error(
        `/nix is ${nix?.source ?? 'nothing'}, not ${node ?? 'of that disk'}: it booted from elsewhere`,
      );
    },
  })
  .check('up', {
    title: 'It is up',
    needs: ['boot', 'find'],
    expect: 'a root in memory, with /nix and /persist of this disk',
    run: ({ host, outputs }) => runsFrom(host, outputs.find),
  });
