import { runbook } from 'migrate-runbook';
import {
  bindMount,
  copyPreview,
  copyTree,
  editFile,
  forcedBuildBenchmark,
  freezeUnits,
  identifyTree,
  nixGarbageProof,
  nixStoreVerify,
  removeTree,
  requireMount,
  resticBackup,
  resticProof,
  verifyTree,
} from 'migrate-runbook/operations';
import { proveBootPath } from './wsl-nix-store/boot-path.ts';
import { compareBenchmarks } from './wsl-nix-store/benchmarks.ts';
import { keepBootModule } from './wsl-nix-store/keep-boot.ts';
import { bootNextSystem, buildNextSystem } from './wsl-nix-store/next-system.ts';
import { leaveOldCopy, placeForOldCopy } from './beneath/old-copy.ts';
import { bookkeeping } from './wsl-nix-store/bookkeeping.ts';
import { params } from './wsl-nix-store/params.ts';
import { copy, manifest, storage, target } from './wsl-nix-store/places.ts';
import { rehearsal } from './wsl-nix-store/rehearsal.ts';
import { nothingBuilds } from './wsl-nix-store/running-builds.ts';
import { healthProbes, mustLiveOnStorage, storeSoundness } from './wsl-nix-store/live.ts';
import { mountValidation } from './wsl-nix-store/validation.ts';

const tools = 'rsync restic nix-store nix-instantiate nixos-rebuild systemctl findmnt blkid unshare'.split(
  ' ',
);
const beneathFolder = '/run/migrate-beneath';

export default runbook('wsl-nix-store', {
  summary: 'Move the /nix of a NixOS-WSL machine onto an SSD and bind-mount it',
  params,
  tools,
  root: true,
  claims: ({ params: p }) => [
    { kind: 'path', path: p.source, role: 'shadowed' },
    { kind: 'path', path: target(p), role: 'target' },
    { kind: 'unit', unit: p.mountUnit },
  ],
  rehearsal,
})
  .phase('Preflight')
  .check('mount-validated', {
    title: 'The mount of the SSD has been validated',
    expect: 'a recent report of a mount validation that ended PASS, or the word to go on without one',
    run: mountValidation,
  })
  .step('right-disk', {
    title: 'The right disk is mounted',
    use: requireMount,
    with: ({ params: p }) => ({ ...storage(p), writable: true }),
  })
  .check('no-builds', {
    title: 'Nothing builds',
    expect: 'no program at work on the store',
    run: ({ host }) => nothingBuilds(host),
  })
  .step('room', {
    title: 'It fits: bytes and inodes for ordinary users',
    needs: ['mount-validated', 'right-disk', 'no-builds'],
    use: copyPreview,
    with: ({ params: p }) => ({ from: p.source, to: target(p), expectMount: storage(p) }),
  })
  .step('identity', {
    title: 'Remember which tree is the old one',
    needs: ['room'],
    use: identifyTree,
    with: ({ params: p }) => ({ path: p.source }),
  })

  .phase('Baseline')
  .step('benchmark-before', {
    title: 'Time forced local builds on the old disk',
    needs: ['identity'],
    locks: ['disk'],
    use: forcedBuildBenchmark,
    with: ({ params: p }) => ({ runs: p.benchmarkRuns, mebibytes: p.benchmarkMebibytes }),
  })

  .phase('Backup')
  .step('backup', {
    title: 'Back up the store',
    needs: ['benchmark-before'],
    locks: ['disk'],
    use: resticBackup,
    with: ({ params: p }) => ({
      repository: p.backupRepository,
      password: p.backupPassword,
      paths: [p.source],
      host: p.host,
      tags: ['pre-migration'],
      initialise: true,
    }),
  })
  .step('prove-backup', {
    title: 'Restore a sample of the backup',
    needs: ['backup'],
    locks: ['disk'],
    use: resticProof,
    with: ({ params: p, outputs, run }) => ({
      repository: p.backupRepository,
      password: p.backupPassword,
      snapshot: outputs.backup.snapshot,
      seed: run.id,
    }),
  })

  .phase('Copy')
  .step('warm-copy', {
    title: 'Copy while the store is in use',
    needs: ['prove-backup'],
    locks: ['disk'],
    use: copyTree,
    with: ({ params: p, run }) => ({ ...copy(p, run), pass: 'warm' as const }),
  })
  .step('option', {
    title: 'Set the option',
    needs: ['warm-copy'],
    use: editFile,
    with: ({ params: p }) => ({
      path: `${p.flake}/${p.hostFile}`,
      replace: { from: `${p.option} = false;`, to: `${p.option} = true;` },
    }),
  })
  .step('keep-boot', {
    title: 'Keep the boot closure beneath the mount, after every rebuild',
    needs: ['option'],
    use: editFile,
    with: ({ params: p }) => ({
      path: `${p.flake}/${p.hostFile}`,
      replace: { from: p.importsText, to: `${p.importsText}${keepBootModule}` },
    }),
  })
  .step('build', {
    title: 'Build the next system',
    needs: ['keep-boot'],
    locks: ['disk'],
    timeout: '6h',
    use: buildNextSystem,
    with: ({ params: p }) => ({ flake: p.flake, host: p.host, source: p.source }),
  })
  .step('freeze', {
    title: 'Freeze the store: daemon, garbage collection, upgrades',
    needs: ['build'],
    use: freezeUnits,
    with: ({ params: p }) => ({ units: p.frozenUnits, optional: p.frozenIfThere }),
  })
  .step('final-copy', {
    title: 'Copy what changed, with the store at rest',
    needs: ['freeze'],
    locks: ['disk'],
    use: copyTree,
    with: ({ params: p, run }) => ({ ...copy(p, run), pass: 'final' as const }),
  })
  .step('verify-copy', {
    title: 'Read every byte of the copy and compare',
    needs: ['final-copy'],
    locks: ['disk'],
    use: verifyTree,
    with: ({ params: p, run }) => ({ target: target(p), manifest: manifest(run), expectMount: storage(p) }),
  })
  .step('verify-store', {
    title: "Check the copy by Nix's own hashes",
    needs: ['verify-copy'],
    locks: ['disk'],
    use: nixStoreVerify,
    with: ({ params: p }) => ({ folder: target(p), like: p.source }),
  })

  .phase('Switch')
  .confirm('switch', {
    title: 'Ready to boot from the copy',
    needs: ['verify-store'],
    ask: ({ params: p }) => `The copy is verified. Shall the next boot mount ${target(p)} over ${p.source}?`,
  })
  .step('next-boot', {
    title: 'Make it the system of the next boot',
    needs: ['switch', 'build'],
    effective: 'at-boot',
    use: bootNextSystem,
    with: ({ params: p }) => ({ flake: p.flake, host: p.host, source: p.source }),
  })
  .step('carry-generation', {
    title: 'Carry the new generation to the copy',
    needs: ['next-boot'],
    locks: ['disk'],
    use: copyTree,
    with: ({ params: p, run }) => ({ ...copy(p, run), pass: 'final' as const }),
  })
  .step('verify-carried', {
    title: 'Verify the copy as it will be booted',
    needs: ['carry-generation'],
    locks: ['disk'],
    use: verifyTree,
    with: ({ params: p, run }) => ({ target: target(p), manifest: manifest(run), expectMount: storage(p) }),
  })
  .reboot('restart', {
    title: 'Restart this distribution',
    needs: ['verify-carried'],
    instructions: ({ params: p }) =>
      `from Windows, run: wsl.exe --terminate ${p.distribution}; then start it again with wsl.exe -d ${p.distribution}`,
  })

  .phase('Prove')
  .step('mounted', {
    title: 'The machine lives on the SSD',
    needs: ['restart'],
    readonly: true,
    describe: ({ params: p }) => `check that ${p.source} is ${target(p)} on the disk ${p.storageUuid}`,
    run: ({ params: p, host }) => mustLiveOnStorage(host, p),
  })
  .step('store-read-only', {
    title: 'The store is read-only again, as the boot shim had it',
    needs: ['mounted'],
    use: bindMount,
    with: ({ params: p }) => ({ from: `${p.source}/store`, to: `${p.source}/store`, readOnly: true }),
  })
  .step('collect-one', {
    title: 'Add a path and collect it',
    needs: ['store-read-only'],
    use: nixGarbageProof,
    with: () => ({}),
  })
  .step('benchmark-after', {
    title: 'Time the same builds on the SSD',
    needs: ['collect-one'],
    locks: ['disk'],
    use: forcedBuildBenchmark,
    with: ({ params: p }) => ({ runs: p.benchmarkRuns, mebibytes: p.benchmarkMebibytes }),
  })
  .check('faster', {
    title: 'Compare with the 30–60 % that were planned',
    needs: ['benchmark-before', 'benchmark-after'],
    expect: 'builds 30–60 % faster than before',
    run: ({ outputs }) => compareBenchmarks(outputs['benchmark-before'], outputs['benchmark-after']),
  })
  .check('store-sound', {
    title: "Nix's own hashes hold on the store in use",
    needs: ['faster'],
    locks: ['disk'],
    expect: 'every path of the store as Nix made it',
    run: ({ host, params: p }) => storeSoundness(host, p.source),
  })
  .soak('settle', {
    title: 'Live with it for a day or two',
    needs: ['store-sound'],
    min: ({ params: p }) => p.soakMin,
    max: ({ params: p }) => p.soakMax,
    maxGap: '15m',
    fresh: ['store-sound'],
    probes: healthProbes,
  })

  .phase('Clean up')
  .step('beneath', {
    title: 'A place to reach the old copy',
    needs: ['settle'],
    use: placeForOldCopy,
    with: () => ({ folder: beneathFolder }),
  })
  .step('reach-beneath', {
    title: 'Reach the old copy beneath the mount',
    needs: ['beneath'],
    use: bindMount,
    with: () => ({ from: '/', to: beneathFolder, private: true }),
  })
  .step('boot-path', {
    title: 'The next boot finds what it needs beneath, also after a rebuild',
    needs: ['reach-beneath'],
    use: proveBootPath,
    with: ({ params: p }) => ({ beneath: beneathFolder, source: p.source }),
  })
  .step('cleanup', {
    title: 'Delete the old copy, except for what boot needs',
    needs: ['boot-path', 'identity', 'settle', 'prove-backup'],
    locks: ['disk'],
    irreversible: 'the old copy is gone; what is left is the verified copy on the SSD and the proven backup',
    use: removeTree,
    with: ({ params: p, outputs, run }) => ({
      path: `${beneathFolder}${p.source}`,
      identity: outputs.identity,
      keep: outputs['boot-path'].keep.map((path) => `${beneathFolder}${path}`),
      newCopy: p.source,
      manifest: manifest(run),
      // Garbage collection goes on while one lives with it.
      missing: 'accept' as const,
      backup: {
        repository: p.backupRepository,
        password: p.backupPassword,
        proof: outputs['prove-backup'],
        maxAge: p.backupMaxAge,
      },
      oldWrites: p.oldWrites,
      expendable: bookkeeping.map((path) => `${beneathFolder}${p.source}/${path}`),
    }),
  })
  .step('leave-beneath', {
    title: 'Let go of what lies beneath',
    needs: ['cleanup'],
    use: leaveOldCopy,
    with: () => ({ folder: beneathFolder }),
  });
