import { runbook, z } from 'migrate-runbook';
import {
  barmanArchiveReady,
  barmanBackup,
  editFile,
  nixosRebuild,
  postgresPitrProof,
  postgresSettings,
  postgresSettingsInForce,
  readBarmanFlags,
  resticBackup,
  resticProof,
  restartUnits,
  startUnits,
  walArrives,
} from 'migrate-runbook/operations';
import { archivingBefore, pending } from './postgres-pitr/archiving-before.ts';
import { clusterFacts, lookAtCluster, roomForScratch } from './postgres-pitr/cluster.ts';
import { dumpCluster } from './postgres-pitr/dump.ts';
import { noFailureSince, pitrHealth } from './postgres-pitr/health.ts';
import { archiveSettings, pitrModule } from './postgres-pitr/module.ts';
import { nixString } from './nixos-module/nix-string.ts';
import { params, type Params } from './postgres-pitr/params.ts';
import { archive, excluded, server, services, timers } from './postgres-pitr/places.ts';
import { rehearsal } from './postgres-pitr/rehearsal.ts';
import { switchNow } from './nixos-module/switch-now.ts';

const tools = 'psql pg_dumpall restic nixos-rebuild nix-store systemctl chroot'.split(' ');
const dumpFolder = (p: Params, run: { readonly id: string }) => `${p.scratch}/pitr-dump-${run.id}`;

export default runbook('postgres-pitr', {
  summary: 'Archive PostgreSQL so that it can be restored to any moment, and prove it',
  params,
  tools,
  root: true,
  claims: ({ params: p }) => [
    { kind: 'path', path: p.dataFolder, role: 'source' },
    { kind: 'path', path: p.walFolder, role: 'source' },
    { kind: 'unit', unit: p.unit },
  ],
  rehearsal,
  health: pitrHealth,
})
  .phase('Preflight')
  .step('cluster', {
    title: 'The server answers, and is the one that is meant',
    readonly: true,
    output: clusterFacts,
    describe: ({ params: p }) => `ask the server at ${p.socket} which cluster it is`,
    run: ({ params: p, host }) => lookAtCluster(host, p),
  })
  .step('barman', {
    title: 'Which flags the installed barman-cloud has',
    readonly: true,
    output: z.object({
      version: z.string(),
      gzip: z.array(z.string()),
      names: z.boolean(),
      immediateCheckpoint: z.boolean(),
    }),
    describe: 'read the help texts of barman-cloud',
    run: async ({ params: p, host }) => {
      const { gzip, ...flags } = await readBarmanFlags(host, archive(p));
      return { ...flags, gzip: [...gzip] };
    },
  })
  .step('archive', {
    title: 'The archive can be reached, and is empty or this cluster’s',
    needs: ['cluster'],
    use: barmanArchiveReady,
    with: ({ params: p, outputs: { cluster } }) => ({
      archive: archive(p),
      systemIdentifier: cluster.systemIdentifier,
      continue: p.continueArchive,
      ...(cluster.lastArchived === null ? {} : { lastArchived: cluster.lastArchived }),
    }),
  })
  .check('room', {
    title: 'The scratch folder holds a second cluster',
    needs: ['cluster'],
    expect: 'room for all databases, and a tenth more',
    run: ({ host, params: p, outputs }) => roomForScratch(host, p, outputs.cluster.bytes),
  })

  .phase('Backup')
  .step('dump', {
    title: 'Dump all databases',
    needs: ['archive', 'barman', 'room'],
    use: dumpCluster,
    with: ({ params: p, run }) => ({ ...server(p), folder: dumpFolder(p, run) }),
  })
  .step('backup', {
    title: 'Back the dump up',
    needs: ['dump'],
    use: resticBackup,
    with: ({ params: p, run }) => ({
      repository: p.backupRepository,
      password: p.backupPassword,
      paths: [dumpFolder(p, run)],
      host: p.host,
      tags: ['pre-migration', 'postgres'],
      initialise: true,
    }),
  })
  .step('prove-backup', {
    title: 'Restore the dump from the backup',
    needs: ['backup'],
    use: resticProof,
    with: ({ params: p, outputs, run }) => ({
      repository: p.backupRepository,
      password: p.backupPassword,
      snapshot: outputs.backup.snapshot,
      seed: run.id,
    }),
  })
  .step('remove-dump', {
    title: 'Remove the dump, which the backup holds',
    needs: ['prove-backup'],
    idempotent: true,
    commands: ({ params: p, run, sh }) => [sh`rm -rf --one-file-system -- ${dumpFolder(p, run)}`],
    undo: () => [],
  })

  .phase('Archive')
  .step('archiving-before', {
    title: 'Remember how archiving stands',
    needs: ['remove-dump'],
    use: archivingBefore,
    with: ({ params: p }) => ({ server: server(p), unit: p.unit, gone: services }),
  })
  .step('settings', {
    title: 'Set the server, by ALTER SYSTEM',
    needs: ['archiving-before', 'barman'],
    when: ({ params: p }) => p.settingsBy === 'alter-system',
    use: postgresSettings,
    with: ({ params: p, outputs }) => ({
      server: server(p),
      settings: archiveSettings(p, outputs.barman),
    }),
  })
  .step('configuration', {
    title: 'Put archiving, base backups and their alert into the configuration',
    needs: ['settings', 'barman'],
    use: editFile,
    with: ({ params: p, outputs }) => ({
      path: `${p.flake}/${p.hostFile}`,
      replace: { from: p.importsText, to: `${p.importsText}${pitrModule(p, outputs.barman)}` },
    }),
  })
  .step('rebuild', {
    title: 'Rebuild and switch',
    needs: ['configuration'],
    timeout: '6h',
    use: nixosRebuild,
    with: ({ params: p }) => switchNow(p),
  })
  .step('pending', {
    title: 'Whether the server must be restarted',
    needs: ['rebuild'],
    readonly: true,
    output: z.object({ restart: z.boolean() }),
    describe: 'ask the server which settings wait for a restart',
    run: async ({ params: p, host }) => ({ restart: await pending(host, server(p)) }),
  })
  .step('restart', {
    title: 'Restart the server',
    needs: ['pending'],
    when: ({ outputs }) => outputs.pending.restart,
    use: restartUnits,
    with: ({ params: p }) => ({ units: [p.unit] }),
  })
  .step('in-force', {
    title: 'The server works with the settings',
    needs: ['restart', 'barman'],
    use: postgresSettingsInForce,
    with: ({ params: p, outputs }) => ({
      server: server(p),
      settings: archiveSettings(p, outputs.barman),
    }),
  })
  .step('arrives', {
    title: 'A WAL file arrives in the archive',
    needs: ['in-force', 'cluster'],
    use: walArrives,
    with: ({ params: p, outputs }) => ({
      server: server(p),
      archive: archive(p),
      systemIdentifier: outputs.cluster.systemIdentifier,
      within: p.archiveWithin,
    }),
  })
  .step('base-backup', {
    title: 'Make a base backup',
    needs: ['arrives', 'cluster'],
    use: barmanBackup,
    with: ({ params: p, outputs }) => ({
      server: server(p),
      archive: archive(p),
      systemIdentifier: outputs.cluster.systemIdentifier,
    }),
  })
  .step('timers', {
    title: 'The timers of base backups and of the alert run',
    needs: ['base-backup'],
    use: startUnits,
    with: () => ({ units: timers }),
  })

  .phase('Prove')
  .step('proof', {
    title: 'Restore to a moment, and compare every row',
    needs: ['timers', 'base-backup', 'cluster'],
    use: postgresPitrProof,
    with: ({ params: p, outputs }) => ({
      server: server(p),
      archive: archive(p),
      systemIdentifier: outputs.cluster.systemIdentifier,
      backup: outputs['base-backup'].id,
      scratch: p.scratch,
      port: p.scratchPort,
      rows: p.proofRows,
      within: p.proofWithin,
    }),
  })

  .phase('Exclude')
  .step('exclude', {
    title: 'Leave the two folders out of the general backup',
    needs: ['proof'],
    use: editFile,
    with: ({ params: p }) => ({
      path: `${p.flake}/${p.excludesFile}`,
      replace: {
        from: p.excludesText,
        to: `${p.excludesText} ${excluded(p)
          .map((pattern) => nixString(pattern))
          .join(' ')}`,
      },
    }),
  })
  .step('rebuild-excludes', {
    title: 'Rebuild and switch once more',
    needs: ['exclude'],
    timeout: '6h',
    use: nixosRebuild,
    with: ({ params: p }) => switchNow(p),
  })
  .check('archiving', {
    title: 'Archiving has not failed since',
    needs: ['rebuild-excludes', 'arrives'],
    ...noFailureSince,
  });
