import { runbook } from 'migrate-runbook';
import { lookForData, nixosRebuild, startUnits } from 'migrate-runbook/operations';
import { importModule, trackModule, writeModule } from './nixos-module/install.ts';
import { noteFolders } from './nixos-module/note-folders.ts';
import { foldersOf, moduleText, modulePlace } from './preseed/module.ts';
import { params, preseedUnit, restoreParams, unitOf } from './preseed/params.ts';
import { dependsOn, configurationFits, givenFits, programsFound, shownOnce } from './preseed/preflight.ts';
import { rehearsal } from './preseed/rehearsal.ts';
import { placeOf } from './restore-missing/places.ts';
import { switchNow } from './nixos-module/switch-now.ts';

export default runbook('preseed', {
  summary: 'Install a unit that brings the data of a service back when it is missing, before it starts',
  params,
  tools: ['nixos-rebuild', 'nix-env', 'nix-store', 'systemctl'],
  root: true,
  claims: ({ params: p }) => [{ kind: 'unit', unit: preseedUnit(p) }],
  rehearsal,
})
  .phase('Preflight')
  .check('given', {
    title: 'What the unit will be given works at a boot',
    expect: 'at least one source, all that it needs, and secrets in files',
    run: ({ params: p }) => givenFits(p),
  })
  .check('programs', {
    title: 'The unit will find its programs',
    needs: ['given'],
    expect: 'migrate, and what the sources need, installed for the whole system',
    run: ({ host, params: p }) => programsFound(host, p),
  })
  .check('shown-once', {
    title: 'Its dataset is mounted in one place alone',
    expect: 'no bind mount of it',
    run: ({ host, params: p }) => shownOnce(host, p),
  })
  .check('edits', {
    title: 'The configuration can be edited',
    expect: 'the text after which the module is imported is there exactly once, and the module is not',
    run: ({ host, params: p }) => configurationFits(host, p),
  })
  .step('data', {
    title: 'The data is there and sound today',
    needs: ['given', 'programs', 'shown-once', 'edits'],
    use: lookForData,
    with: ({ params: p }) => placeOf(restoreParams(p)),
  })

  .phase('Configure')
  .step('module', {
    needs: ['data'],
    ...writeModule(modulePlace, moduleText),
  })
  .step('track', {
    needs: ['module'],
    ...trackModule(modulePlace),
  })
  .step('imports', {
    needs: ['track'],
    ...importModule(modulePlace),
  })
  .step('build', {
    title: 'Build it',
    needs: ['imports'],
    timeout: '6h',
    use: nixosRebuild,
    with: ({ params: p }) => ({ flake: p.flake, host: p.host, action: 'build' as const }),
  })

  .phase('Switch')
  .step('new-folders', {
    title: 'Which folders come with it',
    needs: ['build'],
    use: noteFolders,
    with: ({ params: p }) => ({ paths: foldersOf(p) }),
  })
  .step('switch', {
    title: 'Switch',
    needs: ['new-folders'],
    timeout: '6h',
    use: nixosRebuild,
    with: ({ params: p }) => switchNow(p),
  })
  .check('required', {
    title: 'The service requires it',
    needs: ['switch'],
    expect: 'Requires= and After= of the service name it',
    run: ({ host, params: p }) => dependsOn(host, p),
  })
  .step('runs', {
    title: 'It runs, and finds the data',
    needs: ['required'],
    timeout: '3h',
    use: startUnits,
    with: ({ params: p }) => ({ units: [preseedUnit(p)] }),
  })
  .check('service-up', {
    title: 'The service is up',
    needs: ['runs'],
    expect: 'active',
    run: async ({ $, params: p }) => {
      const state = (
        await $.anyExit`systemctl show ${unitOf(p)} --property=ActiveState --value`
      ).stdout.trim();
      return { verdict: state === 'active' ? 'PASS' : 'PARTIAL', observed: state };
    },
  });
