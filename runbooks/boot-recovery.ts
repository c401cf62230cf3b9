import { absolutePath, runbook, StepError, z, type Host } from 'migrate-runbook';
import { findDisk, mountFileSystem, partitionPath, readTable } from 'migrate-runbook/operations';
import { bootEntry } from './system-disk-impermanence/built-system.ts';
import { mountTarget } from './system-disk-impermanence/target-mounts.ts';

const params = z.object({
  disk: z.string().regex(/^\S+$/).describe('Serial number of the disk that does not boot'),
  flake: absolutePath.describe('Folder of the NixOS configuration flake, as the running system sees it'),
  host: z
    .string()
    .regex(/^[\w-]+$/)
    .default('Emberroot')
    .describe('Name of the host in the flake'),
  espMount: absolutePath.default('/boot/efi').describe('Where the EFI system partition is mounted'),
  rebuild: z.boolean().default(true).describe('Build the configuration anew once it is mended'),
});

// Not /mnt, which would cover a stick at /mnt/stick and the state on it.
const target = '/mnt-new';
const found = z.object({ esp: z.string(), nix: z.string(), persist: z.string() });

/** The file systems of a disk, by the names of its partitions. */
async function fileSystemsOf(host: Host, serial: string): Promise<z.output<typeof found>> {
  const disk = await findDisk(host, serial);
  const table = await readTable(host, disk.path);
  const uuidOf = async (name: string): Promise<string> => {
    const entry = table?.partitions.find((one) => one.name === name);
    const argv = [
      'blkid',
      '-p',
      '-s',
      'UUID',
      '-o',
      'value',
      partitionPath(disk.path, entry?.number ?? 0),
    ] as const;
    const uuid = entry && (await host.exec({ argv }, { anyExit: true })).stdout.trim();
    if (uuid !== undefined && uuid !== '') return uuid;
    throw new StepError(
      'recovery.no-partition',
      `the disk ${serial} has no partition ${name} with a file system`,
      `See what it has: sgdisk --print ${disk.path}; blkid`,
    );
  };
  return { esp: await uuidOf('esp'), nix: await uuidOf('nix'), persist: await uuidOf('persist') };
}

export default runbook('boot-recovery', {
  summary: 'Mend a machine with a root in memory that does not boot, from the installer',
  params,
  tools: ['lsblk', 'blkid', 'partx', 'nixos-enter'],
  root: true,
  claims: () => [{ kind: 'path', path: target, role: 'target' }],
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
    run: async ({ host, outputs }) => {
      const wrong: string[] = [];
      for (const [name, uuid] of Object.entries(outputs.find)) {
        const node = `/dev/disk/by-uuid/${uuid}`;
        const argv =
          name === 'esp' ? (['fsck.vfat', '-n', node] as const) : (['e2fsck', '-n', node] as const);
        const { exitCode } = await host.exec({ argv }, { anyExit: true });
        if (exitCode !== 0) wrong.push(`${name}: ${argv.join(' ')} exits with ${exitCode}`);
      }
      return wrong.length === 0
        ? { verdict: 'PASS', observed: 'all three are' }
        : {
            verdict: 'FAIL',
            observed: `${wrong.join('; ')}. Repair them before they are mounted: without -n, once what they hold is backed up`,
          };
    },
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
    needs: ['mount-nix', 'mount-esp'],
    expect: 'a default entry with kernel, initrd and system',
    // What is wrong is what is to be mended: it stops nothing.
    run: async ({ host, params: p }) => {
      const entry = await bootEntry(host, `${target}${p.espMount}`, target);
      if (entry === undefined)
        return { verdict: 'PARTIAL', observed: 'the boot loader has no default entry' };
      return entry.missing.length === 0
        ? { verdict: 'PASS', observed: `${entry.entry} boots ${entry.init}, and all of it is there` }
        : {
            verdict: 'PARTIAL',
            observed: `${entry.entry} names what is not there: ${entry.missing.join(', ')}`,
          };
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
    needs: ['mended'],
    when: ({ params: p }) => p.rebuild,
    timeout: '6h',
    idempotent: true,
    capture: async ({ host }) => ({
      link: (await host.files.readLink(`${target}/nix/var/nix/profiles/system`)) ?? null,
    }),
    commands: ({ params: p, sh }) => [
      // nixos-enter knows a NixOS by this file, which a root in memory does not keep.
      sh`mkdir -p ${target}/etc`,
      sh`touch ${target}/etc/NIXOS`,
      sh`nixos-enter --root ${target} -- nixos-rebuild boot --flake ${`/persist${p.flake}#${p.host}`}`,
    ],
    // The generations before it stay in the menu of the boot loader.
    undo: ({ captured, sh }) =>
      captured.link === null ? [] : [sh`ln -sfnT ${captured.link} ${target}/nix/var/nix/profiles/system`],
  })
  .check('will-boot', {
    title: 'It has what it boots',
    needs: ['rebuild', 'mended'],
    expect: 'a default entry with kernel, initrd and system',
    run: async ({ host, params: p }) => {
      const entry = await bootEntry(host, `${target}${p.espMount}`, target);
      if (entry === undefined) return { verdict: 'FAIL', observed: 'the boot loader has no default entry' };
      return entry.missing.length === 0
        ? { verdict: 'PASS', observed: `${entry.entry} boots ${entry.init}` }
        : {
            verdict: 'FAIL',
            observed: `${entry.entry} names what is not there: ${entry.missing.join(', ')}`,
          };
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
  });
