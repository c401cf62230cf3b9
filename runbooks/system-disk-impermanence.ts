import { randomUUID } from 'node:crypto';
import { runbook, z } from 'migrate-runbook';
import {
  copyTree,
  describeDisk,
  drawPartitions,
  findDisk,
  makeFileSystems,
  mountFileSystem,
  nixosRebuild,
  nixStoreVerify,
  partitionDisk,
  planPartitions,
  resticBackup,
  resticProof,
  verifyTree,
} from 'migrate-runbook/operations';
import { completenessVerdict, judgeCompleteness } from './persistence/completeness.ts';
import { readPersistenceFacts } from './persistence/machine-facts.ts';
import { mountsAsPlanned } from './system-disk-impermanence/built-system.ts';
import { prepareConfiguration } from './system-disk-impermanence/configuration.ts';
import { copyInventory, permissionCommands } from './system-disk-impermanence/copy-inventory.ts';
import { hardwareFits, nixosInstall, willBoot } from './system-disk-impermanence/install.ts';
import {
  knownGood,
  lookAtOldMachine,
  oldMachine,
  stateTravels,
} from './system-disk-impermanence/old-machine.ts';
import {
  configurationIn,
  identities,
  inventoryOf,
  layoutOf,
  params,
  places,
} from './system-disk-impermanence/params.ts';
import { rehearsal } from './system-disk-impermanence/rehearsal.ts';
import { sealOldDisk, stillSealed } from './system-disk-impermanence/seal.ts';
import { mountScript, mountTarget } from './system-disk-impermanence/target-mounts.ts';
import {
  bootedFromNew,
  browserProfile,
  dockerWorks,
  markersAre,
  persistMounted,
  rootInMemory,
  rootUse,
  sshKeysIntact,
} from './system-disk-impermanence/tests.ts';

const { target, old } = places;
const markers = (run: { readonly id: string }) => ({
  kept: `/var/lib/nixos/migrate-marker-${run.id}`,
  lost: `/migrate-marker-${run.id}`,
  text: `${run.id}\n`,
});

export default runbook('system-disk-impermanence', {
  summary: 'Move a machine to a new disk, with a root in memory that is empty at each boot',
  params,
  tools: [
    'lsblk',
    'wipefs',
    'blkid',
    'partx',
    'sgdisk',
    'mkfs.vfat',
    'mkfs.ext4',
    'mkswap',
    'rsync',
    'restic',
    'ssh-keygen',
    'nixos-install',
    'nixos-generate-config',
  ],
  root: true,
  claims: ({ params: p }) => [{ kind: 'path', path: p.espMount, role: 'source' }],
  rehearsal,
})
  .phase('Preparation')
  .step('old-machine', {
    title: 'The old disk, and what the new machine is held against',
    readonly: true,
    output: oldMachine,
    describe: ({ params: p }) =>
      `see that the machine runs from the disk ${p.oldDisk}; read its keys and its identity`,
    run: ({ host, params: p }) => lookAtOldMachine(host, p),
  })
  .check('state-travels', {
    title: 'The state of the run goes along to the installer',
    needs: ['old-machine'],
    expect: 'the state folder lies on another disk than the old one, such as a stick',
    run: ({ host, params: p, run }) => stateTravels(host, p, run.folder),
  })
  .check('known-good', {
    title: 'The old disk boots what runs now',
    needs: ['old-machine'],
    expect: 'the default entry of the boot loader is the system that runs, and all of it is there',
    run: ({ host, params: p }) => knownGood(host, p),
  })
  .step('identities', {
    title: 'UUIDs for the new file systems',
    needs: ['state-travels', 'known-good'],
    readonly: true,
    output: identities,
    describe: 'choose UUIDs, so that the configuration can be built before there is a disk',
    run: async () => {
      const digits = randomUUID().replaceAll('-', '').slice(0, 8).toUpperCase();
      const esp = `${digits.slice(0, 4)}-${digits.slice(4)}`;
      return { esp, nix: randomUUID(), persist: randomUUID(), swap: randomUUID() };
    },
  })
  .step('configuration', {
    title: 'A copy of the configuration, for the new disk',
    needs: ['identities'],
    use: prepareConfiguration,
    with: ({ params: p, outputs, run }) => ({ to: configurationIn(run), params: p, ids: outputs.identities }),
  })
  .step('build', {
    title: 'Build it',
    needs: ['configuration'],
    timeout: '6h',
    use: nixosRebuild,
    with: ({ params: p, run }) => ({ flake: configurationIn(run), host: p.host, action: 'build' as const }),
  })
  .check('mounts', {
    title: 'It mounts what it shall',
    needs: ['build', 'identities'],
    expect:
      'a root in memory of the size and mode; /nix and /persist noatime, by the new UUIDs, before it is activated',
    run: ({ host, params: p, outputs }) => mountsAsPlanned(host, outputs.build.system, p, outputs.identities),
  })
  .check('persistence', {
    title: 'Nothing that matters is lost with the root',
    needs: ['build'],
    expect: 'all of the critical list is persisted, a login survives, and keys of secrets are there in time',
    run: async ({ host, params: p, outputs }) => {
      const inventory = inventoryOf(p);
      const facts = await readPersistenceFacts(host, {
        system: outputs.build.system,
        persist: inventory.persist,
      });
      const findings = judgeCompleteness(inventory, facts);
      const told = findings.filter(({ verdict }) => verdict !== 'PASS');
      return {
        verdict: completenessVerdict(findings),
        observed:
          told.length === 0
            ? `${findings.length} questions answered`
            : told.map(({ title, observed }) => `${title}: ${observed}`).join('; '),
        evidence: { findings: findings.map(({ id, verdict, observed }) => ({ id, verdict, observed })) },
      };
    },
  })
  .check('virtual-machine', {
    title: 'It boots in a virtual machine',
    needs: ['build'],
    expect: 'the command exits with 0',
    run: async ({ host, params: p, outputs }) => {
      const [program, ...args] = p.vmTest;
      if (program === undefined) {
        return {
          verdict: 'BLOCKED',
          observed: 'no command is given to boot it in a virtual machine: vmTest',
        };
      }
      const argv = [program, ...args, outputs.build.system] as const;
      const { exitCode, stdout, stderr } = await host.exec({ argv }, { anyExit: true });
      const said = `${stdout}${stderr}`.trim().split('\n').at(-1) ?? '';
      return { verdict: exitCode === 0 ? 'PASS' : 'FAIL', observed: `exit ${exitCode}: ${said}` };
    },
  })
  .step('backup', {
    title: 'Back up what is not in the store',
    needs: ['mounts', 'persistence', 'virtual-machine'],
    timeout: '24h',
    use: resticBackup,
    with: ({ params: p }) => ({
      repository: p.backupRepository,
      password: p.backupPassword,
      paths: p.backupPaths,
      host: p.host,
      tags: ['before-new-disk'],
      oneFileSystem: true,
      initialise: true,
    }),
  })
  .step('prove-backup', {
    title: 'Restore a sample of the backup',
    needs: ['backup'],
    use: resticProof,
    with: ({ params: p, outputs, run }) => ({
      repository: p.backupRepository,
      password: p.backupPassword,
      snapshot: outputs.backup.snapshot,
      seed: run.id,
    }),
  })
  .confirm('ready', {
    title: 'Ready to open the machine',
    needs: ['prove-backup'],
    ask: 'The next thing is to shut this machine down and to put the new disk in. The old disk is not written from then on, and boots as ever. Go on?',
  })

  .phase('Hardware')
  .reboot('boot-installer', {
    title: 'New disk in, boot from the stick',
    needs: ['ready', 'old-machine'],
    instructions: ({ params: p, run }) =>
      [
        'Shut down properly (systemctl poweroff). Put the new disk in, and leave the old one in, or attach it by an adapter.',
        `Boot from the stick with the NixOS installer, without mounting anything of the disk ${p.oldDisk}.`,
        `Become root, mount what holds the state of this run, and go on: migrate resume ${run.id} --state-dir FOLDER`,
        'To go back at any time: shut down, take the new disk out or choose the old one in the firmware, and boot.',
      ].join('\n'),
    verify: async ({ host, params: p }) => {
      const disk = await findDisk(host, p.oldDisk);
      const devices = [disk, ...disk.children].map(({ device }) => device);
      const mounted = (await host.mounts()).filter(({ device }) => devices.includes(device));
      if (mounted.length === 0) return;
      throw new Error(
        `the old disk is mounted at ${mounted.map(({ point }) => point).join(', ')}: boot from the stick, and mount nothing of it`,
      );
    },
  })
  .step('seal', {
    title: 'Leave the old disk as it is from now on',
    needs: ['boot-installer', 'old-machine'],
    use: sealOldDisk,
    with: ({ params: p, outputs }) => ({ serial: p.oldDisk, rootUuid: outputs['old-machine'].rootUuid }),
  })
  .manual('new-disk', {
    title: 'Which disk is the new one',
    needs: ['seal'],
    instructions:
      'Read the serial number from the label of the new disk, and compare it with: lsblk --output NAME,SIZE,MODEL,SERIAL. Nothing but that disk is written. contents: "empty" refuses a disk that bears anything; "given-up" says that what is on it may be lost.',
    input: z.object({ serial: z.string().regex(/^\S+$/), contents: z.enum(['empty', 'given-up']) }),
  })
  .check('plan', {
    title: 'The plan fits that disk',
    needs: ['new-disk'],
    expect: 'another disk than the old one, with room for every partition',
    run: async ({ host, params: p, outputs }) => {
      const { serial } = outputs['new-disk'];
      if (serial === p.oldDisk) return { verdict: 'FAIL', observed: `${serial} is the old disk` };
      const disk = await findDisk(host, serial);
      const partitions = planPartitions(layoutOf(p), disk);
      const picture = drawPartitions({ ...disk, title: describeDisk(disk) }, partitions);
      return { verdict: 'PASS', observed: picture };
    },
  })
  .step('partition', {
    title: 'Divide the new disk',
    needs: ['plan', 'new-disk'],
    use: partitionDisk,
    with: ({ params: p, outputs }) => ({
      serial: outputs['new-disk'].serial,
      layout: layoutOf(p),
      givenUp: outputs['new-disk'].contents === 'given-up',
      keep: p.backupRepository.startsWith('/') ? [{ path: p.backupRepository, what: 'the backup' }] : [],
    }),
  })
  .step('file-systems', {
    title: 'Make its file systems',
    needs: ['partition', 'new-disk', 'identities'],
    use: makeFileSystems,
    with: ({ outputs }) => ({
      serial: outputs['new-disk'].serial,
      diskGuid: outputs.partition.diskGuid,
      systems: [
        { partition: 1, type: 'vfat', label: 'ESP', uuid: outputs.identities.esp },
        { partition: 2, type: 'ext4', label: 'nix', uuid: outputs.identities.nix },
        { partition: 3, type: 'ext4', label: 'persist', uuid: outputs.identities.persist },
        { partition: 4, type: 'swap', label: 'swap', uuid: outputs.identities.swap },
      ],
    }),
  })

  .phase('Installation')
  .step('mount-script', {
    title: 'A script that mounts all of it again',
    needs: ['file-systems', 'identities', 'old-machine'],
    idempotent: true,
    describe: ({ run }) => `write ${run.folder}/mount.sh, for a reboot of the installer`,
    run: async ({ host, params: p, outputs, run }) => {
      const by = (uuid: string) => `/dev/disk/by-uuid/${uuid}`;
      const { esp, nix, persist } = outputs.identities;
      const script = mountScript([
        { point: target, type: 'tmpfs', source: 'none', options: 'size=1G,mode=755' },
        { point: `${target}/nix`, type: 'ext4', source: by(nix), options: 'noatime' },
        { point: `${target}/persist`, type: 'ext4', source: by(persist), options: 'noatime' },
        { point: `${target}${p.espMount}`, type: 'vfat', source: by(esp), options: 'umask=0077' },
        { point: old, type: 'ext4', source: by(outputs['old-machine'].rootUuid), options: 'ro,noload' },
      ]);
      await host.files.replace(`${run.folder}/mount.sh`, script, { mode: 0o700 });
    },
    undo: ({ run, sh }) => [sh`rm -f -- ${run.folder}/mount.sh`],
  })
  .step('mount-root', {
    title: 'Mount a root in memory',
    needs: ['mount-script'],
    use: mountTarget,
    with: () => ({ point: target, type: 'tmpfs' as const, options: 'size=1G,mode=755' }),
  })
  .step('mount-nix', {
    title: 'Mount the new /nix',
    needs: ['mount-root', 'identities'],
    use: mountFileSystem,
    with: ({ outputs }) => ({
      uuid: outputs.identities.nix,
      point: `${target}/nix`,
      type: 'ext4',
      options: ['noatime'],
    }),
  })
  .step('mount-persist', {
    title: 'Mount the new /persist',
    needs: ['mount-root', 'identities'],
    use: mountFileSystem,
    with: ({ outputs }) => ({
      uuid: outputs.identities.persist,
      point: `${target}/persist`,
      type: 'ext4',
      options: ['noatime'],
    }),
  })
  .step('mount-esp', {
    title: 'Mount the new EFI system partition',
    needs: ['mount-root', 'identities'],
    use: mountTarget,
    with: ({ params: p, outputs }) => ({
      point: `${target}${p.espMount}`,
      type: 'vfat' as const,
      uuid: outputs.identities.esp,
      options: 'umask=0077',
    }),
  })
  .step('mount-old', {
    title: 'Show the old root, read-only',
    needs: ['file-systems', 'old-machine'],
    use: mountFileSystem,
    with: ({ outputs }) => ({
      uuid: outputs['old-machine'].rootUuid,
      point: old,
      type: 'ext4',
      options: ['ro', 'noload'],
    }),
  })
  .step('copy-nix', {
    title: 'Copy /nix',
    needs: ['mount-nix', 'mount-old', 'identities'],
    timeout: '24h',
    use: copyTree,
    with: ({ outputs, run }) => ({
      from: `${old}/nix`,
      to: `${target}/nix`,
      pass: 'final' as const,
      manifest: `${run.folder}/nix-manifest`,
      expectMount: { point: `${target}/nix`, uuid: outputs.identities.nix },
      // Nobody's data: what is written there while it is installed is made again.
      laterWrites: 'drop' as const,
    }),
  })
  .step('verify-nix', {
    title: 'Read the copy, and compare',
    needs: ['copy-nix', 'identities'],
    timeout: '24h',
    use: verifyTree,
    with: ({ outputs, run }) => ({
      target: `${target}/nix`,
      manifest: `${run.folder}/nix-manifest`,
      expectMount: { point: `${target}/nix`, uuid: outputs.identities.nix },
    }),
  })
  .step('verify-store', {
    title: 'Have Nix verify the copy',
    needs: ['verify-nix'],
    timeout: '24h',
    use: nixStoreVerify,
    with: () => ({ folder: `${target}/nix` }),
  })
  .check('hardware', {
    title: 'The hardware is what was built for',
    needs: ['verify-store', 'mount-persist', 'identities'],
    expect:
      'every module that the installer loads for the disks is in the initrd; the UUIDs are those of the new disk',
    run: async ({ host, params: p, outputs, run }) =>
      hardwareFits(
        host,
        target,
        (await host.files.read(`${configurationIn(run)}/${p.hardwareFile}`)) ?? '',
        outputs.identities,
      ),
  })
  .step('install', {
    title: 'Install the system that was built',
    needs: ['hardware', 'mount-esp', 'build'],
    timeout: '1h',
    use: nixosInstall,
    with: ({ params: p, outputs }) => ({
      root: target,
      system: outputs.build.system,
      esp: `${target}${p.espMount}`,
    }),
  })
  .check('will-boot', {
    title: 'The new disk has what it boots',
    needs: ['install', 'build', 'identities'],
    expect:
      'an entry with kernel, initrd and system; the UUIDs, neededForBoot, noatime, the root and the resume device',
    run: ({ host, params: p, outputs }) =>
      willBoot(host, p, outputs.identities, { root: target, system: outputs.build.system }),
  })

  .phase('Data')
  .step('copy-data', {
    title: 'Copy what is persisted',
    needs: ['will-boot', 'mount-persist', 'mount-old', 'identities'],
    timeout: '24h',
    use: copyInventory,
    with: ({ params: p, outputs }) => ({
      params: p,
      from: old,
      to: `${target}/persist`,
      uuid: outputs.identities.persist,
    }),
  })
  .check('nothing-critical-absent', {
    title: 'What is critical was there',
    needs: ['copy-data'],
    expect: 'every critical entry of the inventory was on the old machine',
    run: ({ outputs }) => {
      const { entries, absent } = outputs['copy-data'];
      const critical = absent.filter(({ need }) => need === 'critical').map(({ path }) => path);
      return critical.length === 0
        ? {
            verdict: 'PASS',
            observed: `${entries} entries copied; ${absent.length} that the machine does not have`,
          }
        : { verdict: 'PARTIAL', observed: `not on the old machine: ${critical.join(', ')}` };
    },
  })
  .step('permissions', {
    title: "The home is its owner's alone",
    needs: ['copy-data'],
    capture: async ({ host, params: p }) => {
      const home = await host.files.stat(`${old}/home/${p.user}`);
      return { uid: home?.uid ?? 0, gid: home?.gid ?? 0 };
    },
    idempotent: true,
    commands: ({ params: p, captured }) => permissionCommands(p, `${target}/persist`, captured),
    verify: async ({ host, params: p, captured }) => {
      const home = await host.files.stat(`${target}/persist/home/${p.user}`);
      if (home?.mode === 0o700 && home.uid === captured.uid && captured.uid !== 0) return;
      throw new Error(`${target}/persist/home/${p.user} is not ${p.user}'s alone`);
    },
    // It goes with what was copied.
    undo: () => [],
  })
  .step('adopt', {
    title: 'The flake on the new disk is the one that was installed',
    needs: ['permissions', 'configuration'],
    idempotent: true,
    describe: ({ params: p, run }) =>
      `copy the edited files from ${configurationIn(run)} to ${target}/persist${p.flake}, with the flake's owner`,
    run: async ({ host, params: p, outputs, run, exec, sh }) => {
      const flake = `${target}/persist${p.flake}`;
      const owner = await host.files.stat(flake);
      if (owner === undefined) {
        throw new Error(`the flake ${p.flake} is not persisted: it lies in no folder of the inventory`);
      }
      for (const file of outputs.configuration.files) {
        await exec(
          sh`install -D -m 0644 -o ${owner.uid} -g ${owner.gid} ${configurationIn(run)}/${file} ${flake}/${file}`,
        );
      }
      const folder = `${flake}/${p.moduleFile}`.replace(/\/[^/]*$/, '');
      await exec(sh`chown -R ${owner.uid}:${owner.gid} ${folder}`);
      await exec(sh`sync`);
    },
    undo: () => [],
  })
  .reboot('first-boot', {
    title: 'First boot from the new disk',
    needs: ['adopt', 'new-disk', 'identities', 'old-machine'],
    instructions: ({ run, outputs }) =>
      [
        `Reboot, and choose the new disk (serial ${outputs['new-disk'].serial}) in the firmware.`,
        `When it is up: mount what holds the state of this run, and go on: migrate resume ${run.id} --state-dir FOLDER`,
        'When it does not come up: the runbook boot-recovery mends it from the installer. The old disk boots as ever.',
      ].join('\n'),
    verify: async ({ host, params: p, outputs }) => {
      const found = await bootedFromNew(host, p, outputs.identities, {
        serial: outputs['new-disk'].serial,
        machineId: outputs['old-machine'].machineId,
      });
      if (found.verdict !== 'PASS') throw new Error(found.observed);
    },
  })

  .phase('Validation')
  .check('root-in-memory', {
    title: 'Root is in memory',
    needs: ['first-boot'],
    onFailure: 'continue',
    expect: 'a tmpfs of the size and mode',
    run: ({ host, params: p }) => rootInMemory(host, p),
  })
  .check('persist-mounted', {
    title: 'What is persisted is in its place',
    needs: ['first-boot', 'identities'],
    onFailure: 'continue',
    expect: 'each path of the inventory is shown from /persist',
    run: ({ host, params: p, outputs }) => persistMounted(host, p, outputs.identities),
  })
  .step('markers', {
    title: 'A marker where it is kept, and one where it is not',
    needs: ['first-boot'],
    idempotent: true,
    describe: ({ run }) => `write ${markers(run).kept} and ${markers(run).lost}`,
    run: async ({ host, run }) => {
      const { kept, lost, text } = markers(run);
      await host.files.replace(kept, text);
      await host.files.replace(lost, text);
    },
    undo: ({ run, sh }) => [sh`rm -f -- ${markers(run).kept} ${markers(run).lost}`],
  })
  .reboot('reboot-1', { title: 'Reboot', needs: ['markers'], instructions: 'Reboot: systemctl reboot' })
  .check('kept', {
    title: 'A reboot keeps what is persisted',
    needs: ['reboot-1'],
    onFailure: 'continue',
    expect: 'the marker in a persisted folder is there',
    run: ({ host, run }) => markersAre(host, markers(run), 'kept'),
  })
  .check('empty-again', {
    title: 'A reboot empties the rest',
    needs: ['reboot-1'],
    onFailure: 'continue',
    expect: 'the marker on the root is gone (not one in /tmp, which any reboot empties)',
    run: ({ host, run }) => markersAre(host, markers(run), 'lost'),
  })
  .check('docker', {
    title: 'Docker works',
    needs: ['reboot-1'],
    onFailure: 'continue',
    expect: 'the command exits with 0',
    run: ({ host, params: p }) => dockerWorks(host, p),
  })
  .check('ssh-keys', {
    title: 'SSH keys are intact',
    needs: ['reboot-1', 'old-machine'],
    onFailure: 'continue',
    expect: 'every key has the fingerprint that it had on the old machine',
    run: ({ host, params: p, outputs }) => sshKeysIntact(host, p, outputs['old-machine']),
  })
  .check('browser', {
    title: 'The browser has its profile',
    needs: ['reboot-1', 'old-machine'],
    onFailure: 'continue',
    expect: 'the database of bookmarks is the one that was copied',
    run: ({ host, params: p, outputs }) => browserProfile(host, p, outputs['old-machine']),
  })
  .step('remove-marker', {
    title: 'Remove the marker',
    needs: ['kept', 'empty-again'],
    idempotent: true,
    commands: ({ run, sh }) => [sh`rm -f -- ${markers(run).kept} ${markers(run).lost}`],
    undo: () => [],
  })
  .reboot('reboot-2', {
    title: 'Reboot once more',
    needs: ['remove-marker', 'docker', 'ssh-keys', 'browser', 'root-in-memory', 'persist-mounted'],
    instructions: 'Reboot: systemctl reboot',
  })
  .check('again-2', {
    title: 'It came up again',
    needs: ['reboot-2', 'new-disk', 'identities', 'old-machine'],
    expect: 'from the new disk, with all that is persisted',
    run: ({ host, params: p, outputs }) =>
      bootedFromNew(host, p, outputs.identities, {
        serial: outputs['new-disk'].serial,
        machineId: outputs['old-machine'].machineId,
      }),
  })
  .reboot('reboot-3', {
    title: 'And a third time, from cold',
    needs: ['again-2'],
    instructions: 'Shut down, wait until it is off, and start it again.',
  })
  .check('again-3', {
    title: 'It came up from cold',
    needs: ['reboot-3', 'new-disk', 'identities', 'old-machine'],
    expect: 'from the new disk, with all that is persisted',
    run: ({ host, params: p, outputs }) =>
      bootedFromNew(host, p, outputs.identities, {
        serial: outputs['new-disk'].serial,
        machineId: outputs['old-machine'].machineId,
      }),
  })
  .soak('settle', {
    title: 'Live with it',
    needs: ['again-3', 'identities'],
    min: ({ params: p }) => p.soakMin,
    max: ({ params: p }) => p.soakMax,
    probes: [
      { name: 'use of the root in memory', check: ({ host, params: p }) => rootUse(host, p.rootUseLimit) },
      {
        name: 'what is persisted',
        check: async ({ host, params: p, outputs }) => {
          const { verdict, observed } = await persistMounted(host, p, outputs.identities);
          return verdict === 'PASS' || observed;
        },
      },
    ],
  })
  .check('old-untouched', {
    title: 'The old disk is as it was',
    needs: ['settle', 'seal'],
    expect: 'its table and its superblocks are those of the shutdown',
    run: ({ host, outputs }) => stillSealed(host, outputs.seal),
  })
  .confirm('complete', {
    title: 'Complete',
    needs: ['old-untouched'],
    ask: ({ params: p }) =>
      `Is the migration complete? The disk ${p.oldDisk} stays as it is; keep it as long as you like, and boot it to go back.`,
  });
