import { runbook, z } from 'migrate-runbook';
import {
  editFile,
  nixosDryBuild,
  nixosRebuild,
  nixosTest,
  restartUnits,
  zfsPool,
} from 'migrate-runbook/operations';
import { editsFit } from './nixos-module/edits.ts';
import { folderOfModule, importModule, trackModule, writeModule } from './nixos-module/install.ts';
import { unitsAre } from './nixos-module/units-are.ts';
import { copyConfiguration } from './storage-datasets/copy-configuration.ts';
import { datasetsAre, datasetsBeneath, unitInPlace } from './storage-datasets/in-force.ts';
import { hostEdit, moduleText, probeEdit } from './storage-datasets/module.ts';
import { inFlake, params, probeDataset, unit, type Params } from './storage-datasets/params.ts';
import { findProbe, removeProbe, reserveProbe } from './storage-datasets/probe-dataset.ts';
import { rehearsal } from './storage-datasets/rehearsal.ts';
import { compareUnits, differingUnits, readUnits, unitStates } from './storage-datasets/units.ts';
import { switchNow } from './nixos-module/switch-now.ts';

const modulePlace = (p: Params) => p;
const configuration = (p: Params) => ({ flake: p.flake, host: p.host });
const scratch = (run: { readonly folder: string }) => `${run.folder}/scratch-configuration`;
const place = ({ params: p, run }: { params: Params; run: { readonly id: string } }) => {
  const { dataset, mountPoint } = probeDataset(p, run);
  return { dataset, mountPoint };
};

export default runbook('storage-datasets', {
  summary: 'Let the configuration declare a ZFS dataset for each service, and prove that it makes them',
  params,
  tools: ['zfs', 'zpool', 'nixos-rebuild', 'nix-env', 'nix-store', 'systemctl'],
  root: true,
  claims: ({ params: p }) => [
    { kind: 'unit', unit },
    { kind: 'dataset', dataset: p.parentDataset },
  ],
  rehearsal,
})
  .phase('Preflight')
  .step('pool', {
    title: 'The pool is sound, and what datasets are made beneath is there',
    use: zfsPool,
    with: ({ params: p }) => ({
      dataset: p.parentDataset,
      parent: p.parentDataset,
      properties: p.probe ? p.probeProperties : {},
    }),
  })
  .check('edits', {
    title: 'The configuration can be edited',
    expect: 'each text that is replaced is there exactly once, and the module is not there yet',
    run: ({ host, params: p }) =>
      editsFit(host, {
        flake: p.flake,
        free: p.moduleFile,
        edits: [
          [p.modulesFile, p.importsText],
          [p.hostFile, p.importsText],
        ],
        unset: [[p.hostFile, 'modules.storage.datasets']],
      }),
  })
  .check('unit-free', {
    title: 'No unit has the name yet',
    expect: `no ${unit}`,
    run: ({ host }) => unitsAre(host, [unit], 'not-found'),
  })

  .phase('Configure')
  .step('folder', { needs: ['pool', 'edits', 'unit-free'], ...folderOfModule(modulePlace) })
  .step('module', { needs: ['folder'], ...writeModule(modulePlace, () => moduleText) })
  .step('track', { needs: ['module'], ...trackModule(modulePlace) })
  .step('imports', { needs: ['track'], ...importModule(modulePlace) })
  .step('options', {
    title: 'Where this host has its datasets',
    needs: ['imports'],
    use: editFile,
    with: ({ params: p }) => ({ path: inFlake(p, p.hostFile), replace: hostEdit(p) }),
  })

  .phase('Build')
  .step('dry-build', {
    title: 'It evaluates',
    needs: ['options'],
    timeout: '1h',
    use: nixosDryBuild,
    with: ({ params: p }) => configuration(p),
  })
  .step('build', {
    title: 'Build it',
    needs: ['dry-build'],
    timeout: '6h',
    use: nixosRebuild,
    with: ({ params: p }) => ({ ...configuration(p), action: 'build' as const }),
  })
  .check('only-its-unit', {
    title: 'It changes no other unit',
    needs: ['build'],
    expect: `of all unit files only ${unit} differs from the system that runs`,
    run: ({ host, outputs }) => differingUnits(host, outputs.build.system),
  })

  .phase('Try')
  .step('before', {
    title: 'Which units are up, and which datasets are there',
    needs: ['only-its-unit'],
    readonly: true,
    output: z.object({ units: unitStates, datasets: z.record(z.string(), z.string()) }),
    describe: ({ params: p }) => `list the units, and the datasets beneath ${p.parentDataset}`,
    run: async ({ host, params: p }) => ({
      units: await readUnits(host),
      datasets: await datasetsBeneath(host, p),
    }),
  })
  .step('test', {
    title: 'Try it until the next boot',
    needs: ['before'],
    timeout: '6h',
    use: nixosTest,
    with: ({ params: p }) => configuration(p),
  })
  .check('behind-the-import', {
    title: 'Its unit runs behind the import of pools',
    needs: ['test'],
    expect: 'it ran well, After= the import and the mounting, Before= what lives there',
    run: ({ host }) => unitInPlace(host),
  })
  .check('nothing-made', {
    title: 'It makes nothing while no service is declared',
    needs: ['test', 'before'],
    expect: 'the datasets that were there',
    run: ({ host, params: p, outputs }) => datasetsAre(host, p, outputs.before.datasets),
  })
  .check('units-untouched', {
    title: 'It touched no other unit',
    needs: ['test', 'before'],
    expect: 'what was up is up, since the same start',
    run: async ({ host, outputs }) => compareUnits(outputs.before.units, await readUnits(host)),
  })

  .phase('Prove by a dataset')
  .step('reserve', {
    title: 'A name for it',
    needs: ['behind-the-import', 'nothing-made', 'units-untouched'],
    when: ({ params: p }) => p.probe,
    use: reserveProbe,
    with: place,
  })
  .step('declare', {
    title: 'A copy of the configuration declares it',
    needs: ['reserve'],
    when: ({ params: p }) => p.probe,
    use: copyConfiguration,
    with: ({ params: p, run }) => ({
      from: p.flake,
      to: scratch(run),
      file: p.hostFile,
      replace: probeEdit(p, probeDataset(p, run).name),
    }),
  })
  .step('try', {
    title: 'Try the copy',
    needs: ['declare'],
    when: ({ params: p }) => p.probe,
    timeout: '6h',
    use: nixosTest,
    with: ({ params: p, run }) => ({ flake: scratch(run), host: p.host }),
  })
  .check('made', {
    title: 'It is made as declared',
    needs: ['try'],
    when: ({ params: p }) => p.probe,
    expect: 'a mount point and the properties of its own, and mounted',
    run: ({ host, params: p, run }) => findProbe(host, p, run),
  })
  .step('once-more', {
    title: 'Run the unit once more',
    needs: ['made'],
    when: ({ params: p }) => p.probe,
    use: restartUnits,
    with: () => ({ units: [unit] }),
  })
  .check('same', {
    title: 'It is the same dataset',
    needs: ['once-more', 'made'],
    when: ({ params: p }) => p.probe,
    expect: 'as it was, by its GUID',
    run: async ({ host, params: p, run, outputs }) => {
      const found = await findProbe(host, p, run);
      const [before, after] = [outputs.made, found].map((one) => one?.evidence?.['guid']);
      if (found.verdict !== 'PASS' || before === after) return found;
      return { verdict: 'FAIL', observed: 'another one was made: its GUID is not the same' };
    },
  })
  .step('back', {
    title: 'Back to the configuration itself',
    needs: ['same', 'test'],
    when: ({ params: p }) => p.probe,
    idempotent: true,
    commands: ({ outputs, sh }) => [sh`${outputs.test.system}/bin/switch-to-configuration test`],
    // The undo of the first try brings back what ran before it.
    undo: () => [],
  })
  .step('remove-dataset', {
    title: 'Remove the dataset',
    needs: ['back'],
    when: ({ params: p }) => p.probe,
    use: removeProbe,
    with: place,
  })
  .step('remove-copy', {
    title: 'Remove the copy',
    needs: ['remove-dataset'],
    when: ({ params: p }) => p.probe,
    idempotent: true,
    commands: ({ run, sh }) => [sh`rm -rf -- ${scratch(run)}`],
    undo: () => [],
  })
  .check('as-before', {
    title: 'Datasets and units are as before',
    needs: ['before', 'remove-copy'],
    expect: 'the datasets that were there, and what was up since the same start',
    run: async ({ host, params: p, outputs }) => {
      const datasets = await datasetsAre(host, p, outputs.before.datasets);
      const units = compareUnits(outputs.before.units, await readUnits(host));
      return datasets.verdict === 'PASS' ? units : datasets;
    },
  })

  .phase('Switch')
  .confirm('ready', {
    title: 'Ready to switch',
    needs: ['as-before'],
    ask: `Shall this be the configuration that boots? From then on ${unit} makes the datasets that services declare.`,
  })
  .step('switch', {
    title: 'Switch',
    needs: ['ready'],
    timeout: '6h',
    use: nixosRebuild,
    with: ({ params: p }) => switchNow(p),
  })
  .step('latest', {
    title: 'No later system builds on it',
    needs: ['switch'],
    idempotent: true,
    commands: () => [],
    undo: () => [],
    undoNeeds: [
      {
        name: 'the system that was switched to',
        // Going back would take along what came since, such as a service that has moved onto its dataset.
        check: async ({ host, outputs }) => {
          const now = await host.files.realPath('/nix/var/nix/profiles/system');
          return (
            now === outputs.switch.system ||
            `${now ?? 'no system'} was switched to since: roll back first what declares datasets`
          );
        },
      },
    ],
  })
  .check('in-force', {
    title: 'It is in force',
    needs: ['latest'],
    expect: 'the unit ran well',
    run: ({ host }) => unitInPlace(host),
  });
