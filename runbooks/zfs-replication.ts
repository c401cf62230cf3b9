import { runbook } from 'migrate-runbook';
import {
  editFile,
  forcedFailure,
  nixosRebuild,
  probeOf,
  replicaComparison,
  replicationLag,
  replicationRoom,
  restartUnits,
  sanoidPolicy,
  sanoidSnapshots,
  scheduledSnapshots,
  syncoidReplicate,
  zfsPool,
} from 'migrate-runbook/operations';
import { folderOfModule, importModule, trackModule, writeModule } from './nixos-module/install.ts';
import { noteFolders } from './nixos-module/note-folders.ts';
import { unitsAre } from './nixos-module/units-are.ts';
import { hostEdit, inFlake, moduleText, newUnits, sanoidFolders } from './zfs-replication/configuration.ts';
import { params, place, type Params } from './zfs-replication/params.ts';
import { configurationFits, programsThere } from './zfs-replication/preflight.ts';
import { rehearsal } from './zfs-replication/rehearsal.ts';
import { switchNow } from './nixos-module/switch-now.ts';

const modulePlace = (p: Params) => p;

export default runbook('zfs-replication', {
  summary: 'Snapshot by sanoid and replicate by syncoid to another pool, in place of a former snapshot job',
  params,
  tools: ['zfs', 'zpool', 'nixos-rebuild', 'nix-env', 'nix-store', 'systemctl'],
  root: true,
  claims: ({ params: p }) => [
    { kind: 'dataset', dataset: p.destination },
    { kind: 'unit', unit: p.sanoidUnit },
    { kind: 'unit', unit: p.syncoidUnit },
  ],
  rehearsal,
})
  .phase('Preflight')
  .step('source-pool', {
    title: 'The pool of the source is sound',
    use: zfsPool,
    with: ({ params: p }) => ({ dataset: p.source }),
  })
  .step('destination-pool', {
    title: 'The pool of the replica is there and sound',
    use: zfsPool,
    with: ({ params: p }) => ({ dataset: p.destination }),
  })
  .check('room', {
    title: 'The replica fits',
    needs: ['source-pool', 'destination-pool'],
    expect: 'more room in the pool than the source takes, or a replica that is there already',
    run: ({ host, params: p }) => replicationRoom(host, place(p)),
  })
  .check('programs', {
    title: 'sanoid and syncoid',
    expect: 'installed, or brought by the configuration',
    run: ({ host }) => programsThere(host),
  })
  .check('edits', {
    title: 'The configuration can be edited, to the last step',
    expect: 'each text that is replaced is there exactly once, and the module is not there yet',
    run: ({ host, params: p }) => configurationFits(host, p),
  })
  .check('units-there', {
    title: 'The units of the former snapshot job, of the import and of the backups are there',
    expect: 'each by its name',
    run: ({ host, params: p }) =>
      unitsAre(host, [...p.formerUnits, p.importUnit, ...p.backupUnits], 'loaded'),
  })
  .step('look', {
    title: 'How a replica stands that may be there',
    needs: ['room', 'programs', 'edits', 'units-there'],
    use: replicaComparison,
    with: ({ params: p }) => ({ ...place(p), agree: true }),
  })
  .manual('full-again', {
    title: 'Replicas that nothing can be received into',
    needs: ['look'],
    when: ({ outputs }) => outputs.look.unfit.length > 0,
    instructions: ({ outputs }) =>
      `${outputs.look.unfit.join(', ')} cannot follow: changed, or without a snapshot in common with the source. ` +
      'They will be renamed, none is destroyed, and full ones made beside them, which needs the room twice. Say so when that is meant.',
  })

  .phase('Configure')
  .step('folder', { needs: ['full-again'], ...folderOfModule(modulePlace) })
  .step('module', { needs: ['folder'], ...writeModule(modulePlace, () => moduleText) })
  .step('track', { needs: ['module'], ...trackModule(modulePlace) })
  .step('imports', { needs: ['track'], ...importModule(modulePlace) })
  .step('policy', {
    title: 'The policy, the replication, and who is told of a failure',
    needs: ['imports'],
    use: editFile,
    with: ({ params: p }) => ({ path: inFlake(p, p.hostFile), replace: hostEdit(p) }),
  })
  .step('build', {
    title: 'Build it',
    needs: ['policy'],
    timeout: '6h',
    use: nixosRebuild,
    with: ({ params: p }) => ({ flake: p.flake, host: p.host, action: 'build' as const }),
  })

  .phase('Switch')
  .confirm('ready', {
    title: 'Ready to switch',
    needs: ['build'],
    ask: ({ params: p }) =>
      `From now on sanoid takes and prunes snapshots of ${p.source} beside the former job. Shall it begin?`,
  })
  .step('new-folders', {
    title: 'Which folders come with it',
    needs: ['ready'],
    use: noteFolders,
    with: () => ({ paths: sanoidFolders }),
  })
  .step('switch', {
    title: 'Switch',
    needs: ['new-folders'],
    timeout: '6h',
    use: nixosRebuild,
    with: ({ params: p }) => switchNow(p),
  })
  .check('units', {
    title: 'Its units are there',
    needs: ['switch'],
    expect: 'the services and their timers',
    run: ({ host, params: p }) => unitsAre(host, newUnits(p), 'loaded'),
  })
  .step('policy-in-force', {
    title: 'What sanoid will do, dataset by dataset',
    needs: ['units'],
    use: sanoidPolicy,
    with: ({ params: p }) => ({
      unit: p.sanoidUnit,
      dataset: p.source,
      template: p.template,
      without: p.without,
      replica: p.destination,
    }),
  })

  .phase('Replicate')
  .step('snapshots', {
    title: 'The first snapshots',
    needs: ['policy-in-force'],
    use: sanoidSnapshots,
    with: ({ params: p }) => ({ unit: p.sanoidUnit, dataset: p.source }),
  })
  .step('first', {
    title: 'The first replication',
    needs: ['snapshots', 'look'],
    timeout: '7d',
    use: syncoidReplicate,
    with: ({ params: p, outputs }) => ({ ...place(p), aside: outputs.look.unfit }),
  })
  .step('incremental', {
    title: 'What came since',
    needs: ['first'],
    timeout: '1d',
    use: syncoidReplicate,
    with: ({ params: p }) => place(p),
  })
  .step('compare', {
    title: 'Both sides have the same snapshots',
    needs: ['incremental'],
    use: replicaComparison,
    with: ({ params: p }) => place(p),
  })

  .phase('Prove')
  .step('by-their-units', {
    title: 'The same by the units',
    needs: ['compare'],
    timeout: '1d',
    use: restartUnits,
    with: ({ params: p }) => ({ units: [p.sanoidUnit, p.syncoidUnit] }),
  })
  .step('scheduled', {
    title: 'The schedule takes snapshots by itself',
    needs: ['by-their-units'],
    when: ({ params: p }) => p.waitForSchedule,
    use: scheduledSnapshots,
    with: ({ params: p }) => ({ dataset: p.source, without: p.without, within: p.scheduleWithin }),
  })
  .step('sanoid-told', {
    title: 'A failure of the snapshots is told',
    needs: ['scheduled'],
    use: forcedFailure,
    with: ({ params: p }) => ({ unit: p.sanoidUnit }),
  })
  .step('syncoid-told', {
    title: 'A failure of the replication is told',
    needs: ['sanoid-told'],
    use: forcedFailure,
    with: ({ params: p }) => ({ unit: p.syncoidUnit }),
  })
  .step('backups', {
    title: 'The backup jobs still work',
    needs: ['syncoid-told'],
    timeout: '1d',
    use: restartUnits,
    with: ({ params: p }) => ({ units: p.backupUnits }),
  })
  .step('compare-again', {
    title: 'Both sides still have the same snapshots',
    needs: ['backups'],
    use: replicaComparison,
    with: ({ params: p }) => place(p),
  })
  .soak('settle', {
    title: 'Live with both for a day or two',
    needs: ['compare-again'],
    min: ({ params: p }) => p.soakMin,
    max: ({ params: p }) => p.soakMax,
    maxGap: '15m',
    fresh: ['compare-again'],
    probes: [probeOf(replicationLag(({ params: p }) => place(p)))],
  })

  .phase('Remove the former job')
  .confirm('remove', {
    title: 'The former job may go',
    needs: ['settle'],
    ask: ({ params: p }) =>
      `Shall ${p.formerUnits.join(', ')} go? The snapshots that it took stay, and nothing prunes them any more.`,
  })
  .step('remove-former', {
    title: 'Remove its text',
    needs: ['remove'],
    use: editFile,
    with: ({ params: p }) => ({
      path: inFlake(p, p.backupFile),
      replace: { from: p.formerJob, to: '' },
    }),
  })
  .step('switch-without', {
    title: 'Switch to the configuration without it',
    needs: ['remove-former'],
    timeout: '6h',
    use: nixosRebuild,
    with: ({ params: p }) => switchNow(p),
  })
  .check('former-gone', {
    title: 'The former job is gone',
    needs: ['switch-without'],
    expect: 'none of its units',
    run: ({ host, params: p }) => unitsAre(host, p.formerUnits, 'not-found'),
  })
  .check('still-there', {
    title: 'sanoid and syncoid are not',
    needs: ['switch-without'],
    expect: 'the services and their timers',
    run: ({ host, params: p }) => unitsAre(host, newUnits(p), 'loaded'),
  });
