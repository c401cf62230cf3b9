import { runbook, z } from 'migrate-runbook';
import {
  editFile,
  freezeUnits,
  nixosDryBuild,
  nixosRebuild,
  stateDiscovery,
} from 'migrate-runbook/operations';
import { editsFit } from './nixos-module/edits.ts';
import { makeFolder } from './nixos-module/folder.ts';
import { folderOfModule, importModule, trackModule, writeModule } from './nixos-module/install.ts';
import { readBuiltSystem } from './persistence/built-system.ts';
import { advice, reasons } from './tmpfs-impermanence/advice.ts';
import {
  customConfiguration,
  fingerprints,
  servicesOf,
  systemServices,
  usersAndKeys,
} from './tmpfs-impermanence/checklist.ts';
import { judgeComplete, judgeRoot } from './tmpfs-impermanence/complete.ts';
import { onAnotherDisk } from './tmpfs-impermanence/disks.ts';
import { judgeMarkers, markerPlaces, writeMarkers } from './tmpfs-impermanence/markers.ts';
import { judgeMemory } from './tmpfs-impermanence/memory.ts';
import { hostEdit, moduleText, rootEdit } from './tmpfs-impermanence/module.ts';
import {
  allDirectories,
  inFlake,
  params,
  persisted,
  unitsOf,
  type Params,
} from './tmpfs-impermanence/params.ts';
import { isBound, persistServices } from './tmpfs-impermanence/persist-services.ts';
import { rehearsal } from './tmpfs-impermanence/rehearsal.ts';
import { judgeRunning, mustRunOnTmpfs } from './tmpfs-impermanence/root-now.ts';
import {
  backedUp,
  data,
  etc,
  home,
  manifestsOf,
  restored,
  restoreRehearsed,
  scratchOf,
  services,
  varLib,
} from './tmpfs-impermanence/trees.ts';

const configuration = (p: Params) => ({ flake: p.flake, host: p.host });
const stay = 'The state of this run lies on another disk: resume with the same --state-dir.';

const modulePlace = (p: Params) => p;

export default runbook('tmpfs-impermanence', {
  summary:
    'Give a NixOS server a root file system in memory that is empty at each boot, with what persists on ext4',
  params,
  tools: ['rsync', 'nixos-rebuild', 'nix-env', 'nix-store', 'systemctl', 'findmnt', 'sha256sum'],
  root: true,
  claims: ({ params: p }) => [
    { kind: 'path', path: '/', role: 'replaced' },
    ...unitsOf(p).map((unit) => ({ kind: 'unit' as const, unit })),
  ],
  rehearsal,
})
  .phase('Advice')
  .confirm('advice', {
    title: 'A persistent root is typically better here',
    ask: advice,
    input: z.object({ because: z.enum(reasons) }),
  })

  .phase('Preflight')
  .check('memory', {
    title: 'The root fits into memory',
    needs: ['advice'],
    expect: 'at most half of the memory',
    run: async ({ host, params: p }) =>
      judgeMemory((await host.files.read('/proc/meminfo')) ?? '', p.rootGigabytes),
  })
  .check('backup-elsewhere', {
    title: 'The backup is on another disk',
    needs: ['advice'],
    expect: 'no disk that holds the root file system',
    run: ({ host, params: p }) => onAnotherDisk(host, p.backup),
  })
  .check('edits', {
    title: 'The configuration can be edited',
    needs: ['advice'],
    expect: 'each text that is replaced is there exactly once, and the module is not there yet',
    run: ({ host, params: p }) =>
      editsFit(host, {
        flake: p.flake,
        free: p.moduleFile,
        edits: [
          [p.modulesFile, p.importsText],
          [p.hostFile, p.importsText],
        ],
        unset: [[p.hostFile, 'mySystem.system.impermanence']],
      }),
  })
  .step('audit', {
    title: 'What state this machine holds',
    needs: ['memory', 'backup-elsewhere', 'edits'],
    use: stateDiscovery,
    with: ({ params: p }) => ({ declared: [...allDirectories(p), ...p.files, ...p.expendable] }),
  })
  .step('before', {
    title: 'The host keys and other files that persist, by their hashes',
    needs: ['audit'],
    readonly: true,
    output: z.record(z.string(), z.string()),
    describe: ({ params: p }) => `hash ${p.files.join(', ')}`,
    run: ({ host, params: p }) => fingerprints(host, p),
  })

  .phase('Configure')
  .step('folder', { needs: ['before'], ...folderOfModule(modulePlace) })
  .step('module', { needs: ['folder'], ...writeModule(modulePlace, moduleText) })
  .step('track', { needs: ['module'], ...trackModule(modulePlace) })
  .step('imports', { needs: ['track'], ...importModule(modulePlace) })
  .step('options', {
    title: 'Turn persistence on, on the old root',
    needs: ['imports'],
    use: editFile,
    with: ({ params: p }) => ({ path: inFlake(p, p.hostFile), replace: hostEdit(p) }),
  })
  .step('dry-build', {
    title: 'It evaluates',
    needs: ['options'],
    timeout: '1h',
    use: nixosDryBuild,
    with: ({ params: p }) => configuration(p),
  })

  .phase('Service by service, on the old root')
  .step('persist-services', {
    title: 'Move the folder of each service, and bind it to its place',
    needs: ['dry-build'],
    use: persistServices,
    with: ({ params: p }) => ({
      persist: p.persist,
      services: p.services.map(({ unit, folder, user, group, mode }) => ({
        unit,
        folder,
        user,
        group,
        mode,
      })),
    }),
  })
  .step('next-boot', {
    title: 'Bind them at each boot',
    needs: ['persist-services'],
    timeout: '6h',
    use: nixosRebuild,
    with: ({ params: p }) => ({ ...configuration(p), action: 'boot' as const }),
  })
  .reboot('staged-boot', {
    title: 'Boot with what persists bound to its places',
    needs: ['next-boot'],
    instructions: 'Reboot this machine, then: migrate resume',
  })
  .check('staged', {
    title: 'Each service lives on what persists',
    needs: ['staged-boot'],
    expect: 'every service up, its folder the one beneath the persistent folder',
    run: async ({ host, params: p }) => {
      const lost: string[] = [];
      for (const { folder } of p.services) if (!(await isBound(host, p.persist, folder))) lost.push(folder);
      if (lost.length > 0) return { verdict: 'FAIL', observed: `not bound: ${lost.join(', ')}` };
      const all = await Promise.all(
        [...new Set(p.services.map(({ kind }) => kind))].map((kind) => servicesOf(host, p, kind)),
      );
      return (
        all.find(({ verdict }) => verdict !== 'PASS') ?? { verdict: 'PASS', observed: unitsOf(p).join(', ') }
      );
    },
  })

  .phase('Prove the new root')
  .step('root', {
    title: 'Put the root into memory, in the configuration',
    needs: ['staged'],
    use: editFile,
    with: ({ params: p }) => ({ path: inFlake(p, p.hostFile), replace: rootEdit }),
  })
  .step('build', {
    title: 'Build it',
    needs: ['root'],
    timeout: '6h',
    use: nixosRebuild,
    with: ({ params: p }) => ({ ...configuration(p), action: 'build' as const }),
  })
  .check('root-built', {
    title: 'The system that was built has such a root',
    needs: ['build'],
    expect: 'tmpfs with its size and mode 755, the persistent ext4 and /nix mounted for boot',
    run: async ({ host, params: p, outputs }) =>
      judgeRoot((await readBuiltSystem(host, outputs.build.system)).mounts, p),
  })
  .check('complete', {
    title: 'What is declared suffices',
    needs: ['build', 'root-built'],
    expect: 'nothing critical is lost, somebody can log in, secrets can be read in time',
    run: ({ host, params: p, outputs }) => judgeComplete(host, p, outputs.build.system),
  })
  .step('vm-boot', {
    title: 'Boot it in a virtual machine',
    needs: ['complete'],
    readonly: true,
    timeout: '2h',
    commands: ({ params: p, run, sh }) => [sh.with({ cwd: run.folder })`${p.vmTest}`],
  })

  .phase('Back up')
  .step('freeze', {
    title: 'Stop the services',
    needs: ['vm-boot'],
    use: freezeUnits,
    with: ({ params: p }) => ({ units: unitsOf(p) }),
  })
  .step('place', {
    title: 'A place for the backup and its manifests',
    needs: ['freeze'],
    use: makeFolder,
    with: ({ params: p }) => ({ path: manifestsOf(p) }),
  })
  .use(backedUp(services), { prefix: 'save-services', needs: ['place'] })
  .use(backedUp(varLib), { prefix: 'save-var-lib', needs: ['save-services-verify'] })
  .use(backedUp(etc), { prefix: 'save-etc', needs: ['save-var-lib-verify'] })
  .use(backedUp(home), { prefix: 'save-home', needs: ['save-etc-verify'] })
  .use(backedUp(data), { prefix: 'save-data', needs: ['save-home-verify'] })
  .use(restoreRehearsed(services), { prefix: 'try-services', needs: ['save-data-verify'] })
  .use(restoreRehearsed(varLib), { prefix: 'try-var-lib', needs: ['try-services-compare'] })
  .use(restoreRehearsed(etc), { prefix: 'try-etc', needs: ['try-var-lib-compare'] })
  .use(restoreRehearsed(home), { prefix: 'try-home', needs: ['try-etc-compare'] })
  .use(restoreRehearsed(data), { prefix: 'try-data', needs: ['try-home-compare'] })
  .manual('image', {
    title: 'An image of the whole disk, on other hardware, that has booted',
    needs: ['try-data-compare'],
    instructions: ({ params: p }) =>
      `Boot a live system, write an image of the whole disk to other hardware than this machine and than ${p.backup}, and boot that image there. Then say where it is, what it was booted on and what it showed.`,
    input: z.object({
      image: z.string().min(1),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      bootedOn: z.string().min(1),
      showed: z.string().min(1),
    }),
  })
  .check('image-boots', {
    title: 'The image boots',
    needs: ['image'],
    when: ({ params: p }) => p.imageCheck !== undefined,
    expect: 'the command that boots it exits with 0',
    run: async ({ $, params: p }) => {
      const { exitCode } = await $.anyExit`${p.imageCheck ?? []}`;
      return exitCode === 0
        ? { verdict: 'PASS', observed: 'it has booted' }
        : { verdict: 'FAIL', observed: `the command exited with ${exitCode}` };
    },
  })

  .phase('Install anew')
  .check('complete-still', {
    title: 'What is declared still suffices',
    needs: ['build', 'image', 'image-boots'],
    expect: 'as before: nothing that came since is lost',
    run: ({ host, params: p, outputs }) => judgeComplete(host, p, outputs.build.system),
  })
  .step('give-up', {
    title: 'Give up the old root',
    needs: ['complete-still', 'image'],
    irreversible:
      'the reinstall formats the disk of the root; what is left is its image and the backup, by tmpfs-impermanence-recovery',
    describe: ({ params: p }) => `write down in ${p.backup} how one recovers`,
    run: async ({ host, params: p, outputs }) => {
      const { image, bootedOn } = outputs.image;
      await host.files.replace(
        `${p.backup}/RECOVERY.txt`,
        `The image of the old disk: ${image} (it has booted on ${bootedOn})\nThe backup: ${p.backup}\nThe way back: migrate run tmpfs-impermanence-recovery\n`,
      );
    },
  })
  .manual('reinstall', {
    title: 'Install the machine anew',
    needs: ['give-up'],
    instructions: ({ params: p }) =>
      `Install ${p.flake}#${p.host} onto the disk of the old root, with a partition of ${p.persistGigabytes} GB ext4 for ${p.persist}: ${p.reinstallWith}. ${stay}`,
    input: z.object({ disk: z.string().min(1) }),
  })
  .reboot('first-boot', {
    title: 'Boot the new system',
    needs: ['reinstall'],
    instructions: `Boot the system that was installed. ${stay}`,
    verify: ({ host, params: p }) => mustRunOnTmpfs(host, p),
  })

  .phase('Restore')
  .step('freeze-new', {
    title: 'Stop the services, which began with nothing',
    needs: ['first-boot'],
    irreversible: 'the old root is gone; the way back is tmpfs-impermanence-recovery',
    idempotent: true,
    commands: ({ params: p, sh }) => [
      sh`mkdir -p /run/systemd/system.control`,
      ...unitsOf(p).map((unit) => sh`ln -sfn /dev/null ${`/run/systemd/system.control/${unit}`}`),
      sh`systemctl daemon-reload`,
      sh`systemctl stop -- ${unitsOf(p)}`,
    ],
  })
  .use(restored(services), { prefix: 'restore-services', needs: ['freeze-new'] })
  .use(restored(varLib), { prefix: 'restore-var-lib', needs: ['restore-services-verify'] })
  .use(restored(home), { prefix: 'restore-home', needs: ['restore-var-lib-verify'] })
  .use(restored(data), { prefix: 'restore-data', needs: ['restore-home-verify'] })
  .step('restore-etc', {
    title: 'Restore the files of /etc that persist',
    needs: ['restore-data-verify', 'before'],
    irreversible: 'what the new system had made in their place is gone',
    idempotent: true,
    commands: ({ params: p, outputs, sh }) =>
      Object.keys(outputs.before)
        .filter((path) => path.startsWith('/etc/'))
        .flatMap((path) => [
          sh`mkdir -p ${persisted(p, path).replace(/\/[^/]*$/, '')}`,
          sh`cp -a --remove-destination -- ${`${p.backup}${path}`} ${persisted(p, path)}`,
        ])
        .concat(sh`sync -f ${p.persist}`),
  })
  .reboot('second-boot', {
    title: 'Boot with what was restored',
    needs: ['restore-etc'],
    instructions: `Reboot this machine, then: migrate resume. ${stay}`,
    verify: ({ host, params: p }) => mustRunOnTmpfs(host, p),
  })

  .phase('Validate')
  .check('running', {
    title: 'The machine runs as it was declared',
    needs: ['second-boot'],
    onFailure: 'continue',
    expect: 'the root in memory with its size and mode 755, each declared folder on what persists',
    run: ({ host, params: p }) => judgeRunning(host, p),
  })
  .check('databases', {
    title: 'Databases',
    needs: ['second-boot'],
    onFailure: 'continue',
    expect: 'up, on their data, which persists',
    run: ({ host, params: p }) => servicesOf(host, p, 'databases'),
  })
  .check('media', {
    title: 'Media services',
    needs: ['second-boot'],
    onFailure: 'continue',
    expect: 'up, with configuration and databases that persist',
    run: ({ host, params: p }) => servicesOf(host, p, 'media'),
  })
  .check('containers', {
    title: 'Container services',
    needs: ['second-boot'],
    onFailure: 'continue',
    expect: 'up, with their storage that persists',
    run: ({ host, params: p }) => servicesOf(host, p, 'containers'),
  })
  .check('users', {
    title: 'User authentication',
    needs: ['second-boot', 'before'],
    onFailure: 'continue',
    expect: 'homes are there, and the host keys are those of before',
    run: ({ host, params: p, outputs }) => usersAndKeys(host, p, outputs.before),
  })
  .check('system', {
    title: 'System services',
    needs: ['second-boot'],
    onFailure: 'continue',
    expect: 'no unit has failed',
    run: async ({ host, params: p }) => {
      const its = await servicesOf(host, p, 'system');
      return its.verdict === 'PASS' ? systemServices(host) : its;
    },
  })
  .check('custom', {
    title: 'Configuration made by hand',
    needs: ['second-boot', 'audit'],
    onFailure: 'continue',
    expect: 'every changed file of /etc persists, or is told as not restored',
    run: async ({ host, params: p, outputs }) => {
      const its = await servicesOf(host, p, 'custom');
      return its.verdict === 'PASS' ? customConfiguration(outputs.audit.etc.files, p) : its;
    },
  })
  .step('markers', {
    title: 'Mark a path that is not declared, and one that is',
    needs: ['running', 'databases', 'media', 'containers', 'users', 'system', 'custom'],
    use: writeMarkers,
    with: ({ run }) => ({ paths: Object.values(markerPlaces(run)) }),
  })
  .reboot('third-boot', {
    title: 'Boot again',
    needs: ['markers'],
    instructions: `Reboot this machine, then: migrate resume. ${stay}`,
    verify: ({ host, params: p }) => mustRunOnTmpfs(host, p),
  })
  .check('forgets', {
    title: 'A boot keeps what is declared, and nothing else',
    needs: ['third-boot'],
    expect: 'the undeclared marker is gone, the declared one is there',
    run: ({ host, run }) => judgeMarkers(host, run),
  })
  .step('no-markers', {
    title: 'Remove the markers',
    needs: ['forgets'],
    idempotent: true,
    commands: ({ run, sh }) => [sh`rm -f -- ${Object.values(markerPlaces(run))}`],
    undo: () => [],
  })
  .reboot('fourth-boot', {
    title: 'And once more',
    needs: ['no-markers'],
    instructions: `Reboot this machine, then: migrate resume. ${stay}`,
    verify: ({ host, params: p }) => mustRunOnTmpfs(host, p),
  })
  .check('still', {
    title: 'It still runs as it was declared',
    needs: ['fourth-boot'],
    expect: 'as after the boots before',
    run: ({ host, params: p }) => judgeRunning(host, p),
  })
  .step('clear', {
    title: 'Remove what was restored into the scratch place',
    needs: ['still'],
    idempotent: true,
    commands: ({ params: p, sh }) => [sh`rm -rf -- ${scratchOf(p)}`],
    undo: () => [],
  });
