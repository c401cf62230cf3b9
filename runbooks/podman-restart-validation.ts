import { runbook, z } from 'migrate-runbook';
import { nixosRebuild } from 'migrate-runbook/operations';
import { asking, witnessed } from './podman-restart-validation/ask.ts';
import {
  containerOf,
  forgetAutoUpdate,
  plantError,
  removeError,
  runAutoUpdate,
} from './podman-restart-validation/auto-update.ts';
import { due, mayUpdate } from './podman-restart-validation/due.ts';
import { plantDrift, removeDrift } from './podman-restart-validation/drift.ts';
import { plantDropIn, removeDropIn } from './podman-restart-validation/drop-in.ts';
import {
  showFailure,
  showFile,
  showStack,
  showStacks,
  showStartTimes,
  showUnit,
} from './podman-restart-validation/evidence.ts';
import { noOpBy, noOpRebuild } from './podman-restart-validation/no-op-rebuild.ts';
import { homeManagerOf, params, unitPath, type Params } from './podman-restart-validation/params.ts';
import {
  auditRuns,
  neverRestarted,
  ownedByHome,
  readStacks,
  switchesUnits,
  wrapperStarts,
} from './podman-restart-validation/preconditions.ts';
import { etcUnits, reach, reached, type Reached } from './podman-restart-validation/reach.ts';
import { rehearsal } from './podman-restart-validation/rehearsal.ts';
import { restartStacks } from './podman-restart-validation/restart.ts';
import { compareStanding, readStanding, standing } from './podman-restart-validation/standing.ts';
import { startUnit } from './podman-restart-validation/started-unit.ts';
import { makeHealthy, restartUnhealthy } from './podman-restart-validation/unhealthy.ts';
import { readUnitFile, unitFileText } from './podman-restart-validation/unit-file.ts';
import {
  dropInIsFound,
  errorPropagates,
  failureShows,
  rebuildHeals,
  reloadedByAudit,
  restartedWell,
  sameContainers,
} from './podman-restart-validation/verdicts.ts';

const onFailure = 'continue' as const;
// One test after the other, also with --jobs: what one breaks another would see.
const locks = ['the probes'];
const first = (p: Params) => p.stacks[0];
const pathOf = (p: Params, { account }: Reached) => unitPath(account.home, first(p).unit);

const rebuildOf = (p: Params, { account }: Reached, { system }: { readonly system: string }) => ({
  flake: p.flake,
  host: p.host,
  system,
  account,
  containers: p.stacks.map(({ container }) => container),
  unitPath: unitPath(account.home, first(p).unit),
});
const healthOf = (p: Params, { account }: Reached) => ({
  account,
  ...first(p),
  path: p.healthFile,
  unhealthy: p.unhealthy,
});
const dropInOf = (
  p: Params,
  { account }: Reached,
  run: { readonly id: string },
  owner: 'system' | 'user',
) => ({
  account,
  unit: first(p).unit,
  folder: owner === 'system' ? etcUnits : `${account.home}/.config/systemd/user`,
  owner,
  run: run.id,
  load: owner === 'system',
});
const auditOf = (p: Params, { account, audit }: Reached) => ({
  account,
  scope: audit,
  verb: 'start' as const,
  unit: p.audit,
  stack: first(p).unit,
});
const autoUpdateOf = (
  p: Params,
  { account, autoUpdate, updates }: Reached,
  run: { readonly id: string },
) => ({
  account,
  scope: autoUpdate,
  owner: updates,
  unit: p.autoUpdate,
  container: containerOf(run),
});

export default runbook('podman-restart-validation', {
  summary: 'Validate how stacks of rootless podman behave over rebuilds, restarts and drift; all is put back',
  params,
  tools: [
    'systemctl',
    'journalctl',
    'setpriv',
    'getent',
    'findmnt',
    'podman',
    'nixos-rebuild',
    'nix-env',
    'nix-store',
  ],
  root: true,
  claims: ({ params: p }) => [
    ...p.stacks.map(({ unit }) => ({ kind: 'unit' as const, unit })),
    { kind: 'unit', unit: p.audit },
    { kind: 'unit', unit: p.autoUpdate },
    { kind: 'path', path: p.healthFile, role: 'target' },
  ],
  rehearsal,
})
  .phase('Preconditions')
  .step('reach', {
    title: "The user's manager answers, and has the stacks",
    readonly: true,
    output: reached,
    describe: ({ params: p }) => `ask the user manager of ${p.user} for its units`,
    run: ({ host, params: p }) => reach(host, p),
  })
  .check('exec-start', {
    title: 'Apply and verify are one transaction',
    needs: ['reach'],
    onFailure,
    expect: 'the ExecStart of each stack calls the wrapper that applies and verifies',
    run: async ({ $, params: p, outputs }) =>
      wrapperStarts(await readStacks(witnessed({ $ }), outputs.reach.account, p), p.wrapper),
  })
  .check('restart-no', {
    title: 'Nothing restarts a stack by itself',
    needs: ['reach'],
    onFailure,
    expect: 'Restart=no in each stack',
    run: async ({ $, params: p, outputs }) =>
      neverRestarted(await readStacks(witnessed({ $ }), outputs.reach.account, p)),
  })
  .check('ownership', {
    title: 'Home Manager owns the units',
    needs: ['reach'],
    onFailure,
    expect: 'FragmentPath and DropInPaths of each stack lead into the store',
    run: async ({ $, host, params: p, outputs: { reach: found } }) =>
      ownedByHome(host, await readStacks(witnessed({ $ }), found.account, p), found.account, p),
  })
  .check('sd-switch', {
    title: 'Activation switches user units',
    needs: ['reach'],
    onFailure,
    expect: 'systemd.user.startServices = "sd-switch", by the activation in force',
    run: ({ $, host, params: p }) => switchesUnits(witnessed({ $ }), host, p),
  })
  .check('audit-units', {
    title: 'The audit of provenance is there',
    needs: ['reach'],
    onFailure,
    expect: 'its service, and its timer active',
    run: ({ $, params: p, outputs: { reach: found } }) =>
      auditRuns(witnessed({ $ }), found.account, found.audit, p),
  })
  .step('before', {
    title: 'How everything stands before',
    needs: ['reach'],
    locks,
    readonly: true,
    output: standing,
    describe: 'read all that the tests touch',
    run: ({ host, params: p, outputs, run }) => readStanding(host, p, outputs.reach, run),
  })

  .phase('T01 No-op rebuild')
  .step('build', {
    title: 'What the configuration builds',
    needs: ['before'],
    locks,
    timeout: '6h',
    use: nixosRebuild,
    with: ({ params: p }) => ({ flake: p.flake, host: p.host, action: 'build' as const }),
  })
  .step('is-no-op', {
    title: 'It is what runs',
    needs: ['build'],
    locks,
    readonly: true,
    output: z.object({ isNoOp: z.boolean(), why: z.string() }),
    describe: 'compare it with the system that runs',
    run: ({ host, outputs }) => noOpBy(host, outputs.build.system),
  })
  .step('rebuild', {
    title: 'Switch to it',
    needs: ['reach', 'build', 'is-no-op'],
    when: ({ outputs }) => outputs['is-no-op'].isNoOp,
    locks,
    timeout: '6h',
    use: noOpRebuild,
    with: ({ params: p, outputs }) => rebuildOf(p, outputs.reach, outputs.build),
  })
  .check('t01-no-op-rebuild', {
    title: 'T01 A no-op rebuild is idempotent',
    needs: ['reach', 'rebuild', 'is-no-op'],
    locks,
    onFailure,
    expect: 'StartedAt of each container unchanged over nixos-rebuild switch',
    run: async ({ $, params: p, outputs }) => {
      await showStartTimes({ $ }, p, outputs.reach);
      return sameContainers(outputs.rebuild, outputs['is-no-op'].why);
    },
  })

  .phase('T02 Restart')
  .step('restart', {
    title: 'Restart the stacks',
    // Behind the rebuild, over which containers must not begin anew.
    needs: ['reach', 'rebuild'],
    locks,
    timeout: '30m',
    use: restartStacks,
    with: ({ params: p, outputs }) => ({ account: outputs.reach.account, stacks: p.stacks }),
  })
  .check('t02-restart', {
    title: 'T02 A verified restart succeeds',
    needs: ['reach', 'restart'],
    locks,
    onFailure,
    expect: 'restart returns 0, and each ends active, exited, success',
    run: async ({ $, params: p, outputs }) => {
      await showStacks({ $ }, p, outputs.reach);
      return restartedWell(outputs.restart);
    },
  })

  .phase('T03 Failing health check')
  .step('unhealthy', {
    title: 'Have the health check fail, and restart the stack',
    needs: ['reach', 'restart'],
    locks,
    timeout: '30m',
    use: restartUnhealthy,
    with: ({ params: p, outputs }) => healthOf(p, outputs.reach),
  })
  .check('t03-health', {
    title: 'T03 A failing health check surfaces',
    needs: ['reach', 'unhealthy'],
    locks,
    onFailure,
    expect: 'restart returns non-zero, and the unit has failed',
    knownLimitation: 'systemctl restart of a oneshot may return 0 although ExecMainStatus is 1',
    run: async ({ $, params: p, outputs }) => {
      await showFailure({ $ }, p, outputs.reach);
      return failureShows(outputs.unhealthy.restarted);
    },
  })
  .step('healthy', {
    title: 'Make it healthy again',
    needs: ['reach', 'unhealthy'],
    locks,
    timeout: '30m',
    use: makeHealthy,
    with: ({ params: p, outputs }) => ({ ...healthOf(p, outputs.reach), before: outputs.unhealthy.before }),
  })

  .phase('T05 Drift')
  .step('unit-file', {
    title: 'What the unit file is',
    needs: ['reach', 'healthy'],
    locks,
    readonly: true,
    output: z.object({ isLink: z.boolean(), text: z.string() }),
    describe: ({ params: p }) => `look at the file of ${first(p).unit}`,
    run: async ({ host, params: p, outputs }) => {
      const path = pathOf(p, outputs.reach);
      const found = await readUnitFile(host, path);
      return { isLink: found.kind === 'link', text: `${path} is ${unitFileText(found)}` };
    },
  })
  .step('drift', {
    title: 'Put a regular file in its place',
    needs: ['reach', 'unit-file', 'is-no-op'],
    when: ({ outputs }) => outputs['unit-file'].isLink && outputs['is-no-op'].isNoOp,
    locks,
    use: plantDrift,
    with: ({ params: p, outputs, run }) => ({
      account: outputs.reach.account,
      path: pathOf(p, outputs.reach),
      run: run.id,
    }),
  })
  .step('rebuild-over-drift', {
    title: 'Rebuild once more',
    needs: ['reach', 'build', 'drift'],
    when: ({ outputs }) => outputs.drift !== undefined,
    locks,
    timeout: '6h',
    use: noOpRebuild,
    with: ({ params: p, outputs }) => rebuildOf(p, outputs.reach, outputs.build),
  })
  .check('t05-drift', {
    title: 'T05 A no-op rebuild heals drift',
    needs: ['is-no-op', 'unit-file', 'drift', 'rebuild-over-drift'],
    locks,
    onFailure,
    expect: 'the managed link is back',
    knownLimitation: 'a rebuild that changes nothing runs no activation of Home Manager, so drift stays',
    run: ({ outputs }) =>
      rebuildHeals(
        outputs['rebuild-over-drift'],
        outputs['is-no-op'].isNoOp && !outputs['unit-file'].isLink
          ? undefined
          : (outputs.drift?.target ?? ''),
        outputs['is-no-op'].isNoOp ? outputs['unit-file'].text : outputs['is-no-op'].why,
      ),
  })
  .step('activate', {
    title: 'Activate Home Manager',
    needs: ['reach', 'drift', 'rebuild-over-drift'],
    when: ({ outputs }) => outputs.drift !== undefined && outputs.reach.homeManager,
    locks,
    timeout: '1h',
    use: startUnit,
    with: ({ params: p, outputs }) => ({
      account: outputs.reach.account,
      scope: 'system' as const,
      verb: 'restart' as const,
      unit: homeManagerOf(p),
      stack: first(p).unit,
    }),
  })
  .step('healed', {
    title: 'What the unit file is then',
    needs: ['reach', 'activate'],
    locks,
    readonly: true,
    output: z.object({ target: z.string().nullable(), text: z.string() }),
    describe: ({ params: p }) => `look at the file of ${first(p).unit}`,
    run: async ({ host, params: p, outputs }) => {
      const found = await readUnitFile(host, pathOf(p, outputs.reach));
      return { target: found.target, text: unitFileText(found) };
    },
  })
  .check('t05-heal', {
    title: 'T05 Home Manager heals drift',
    needs: ['reach', 'drift', 'activate', 'healed'],
    locks,
    onFailure,
    expect: 'the managed link is back after its unit was restarted',
    run: async ({ $, params: p, outputs: { reach: found, drift, activate, healed } }) => {
      await showFile({ $ }, pathOf(p, found));
      if (drift === undefined || activate === undefined) {
        const observed =
          drift === undefined ? 'there was no drift to heal' : `there is no ${homeManagerOf(p)}`;
        const unblock = "See T05, or name the unit of the user's Home Manager: --set homeManager=…";
        return { verdict: 'BLOCKED' as const, observed, unblock };
      }
      const observed = `after ${homeManagerOf(p)}, whose restart returned ${activate.exitCode}, it is ${healed.text}`;
      return { verdict: healed.target === drift.target ? ('PASS' as const) : ('FAIL' as const), observed };
    },
  })
  .step('undrift', {
    title: 'See that it is a link again',
    needs: ['reach', 'drift', 'healed'],
    when: ({ outputs }) => outputs.drift !== undefined,
    locks,
    use: removeDrift,
    with: ({ params: p, outputs, run }) => ({
      account: outputs.reach.account,
      path: pathOf(p, outputs.reach),
      run: run.id,
      target: outputs.drift?.target ?? '',
    }),
  })

  .phase('T06 Stale drop-in in /etc')
  .step('stale', {
    title: 'Leave a drop-in in /etc/systemd/user',
    needs: ['reach', 'undrift'],
    when: ({ outputs }) => outputs.reach.etcIsReadOnly === null,
    locks,
    use: plantDropIn,
    with: ({ params: p, outputs, run }) => dropInOf(p, outputs.reach, run, 'system'),
  })
  .step('audit-stale', {
    title: 'Run the audit',
    needs: ['reach', 'stale'],
    when: ({ outputs }) => outputs.stale !== undefined && outputs.reach.audit !== null,
    locks,
    timeout: '15m',
    use: startUnit,
    with: ({ params: p, outputs }) => auditOf(p, outputs.reach),
  })
  .check('t06-stale-drop-in', {
    title: 'T06 A stale drop-in in /etc is found',
    needs: ['reach', 'stale', 'audit-stale'],
    locks,
    onFailure,
    expect: 'the audit names it, or fails',
    run: async ({ $, params: p, outputs }) => {
      if (outputs.stale === undefined) await showFile({ $ }, etcUnits);
      else await showStack({ $ }, p, outputs.reach);
      return dropInIsFound(outputs.stale, outputs['audit-stale'], outputs.reach.etcIsReadOnly ?? '');
    },
  })
  .step('remove-stale', {
    title: 'Remove it',
    needs: ['reach', 'stale', 'audit-stale'],
    when: ({ outputs }) => outputs.stale !== undefined,
    locks,
    use: removeDropIn,
    with: ({ params: p, outputs, run }) => ({
      ...dropInOf(p, outputs.reach, run, 'system'),
      folderWasThere: outputs.stale?.folderWasThere ?? true,
    }),
  })

  .phase('T07 NeedDaemonReload')
  .step('drop-in', {
    title: "Add a drop-in in the user's folder",
    needs: ['reach', 'remove-stale'],
    locks,
    use: plantDropIn,
    with: ({ params: p, outputs, run }) => dropInOf(p, outputs.reach, run, 'user'),
  })
  .step('audit', {
    title: 'Run the audit',
    needs: ['reach', 'drop-in'],
    when: ({ outputs }) => outputs.reach.audit !== null,
    locks,
    timeout: '15m',
    use: startUnit,
    with: ({ params: p, outputs }) => auditOf(p, outputs.reach),
  })
  .check('t07-daemon-reload', {
    title: 'T07 The audit reloads the manager',
    needs: ['reach', 'drop-in', 'audit'],
    locks,
    onFailure,
    expect: 'NeedDaemonReload goes from yes to no',
    run: async ({ $, params: p, outputs }) => {
      await showStack({ $ }, p, outputs.reach);
      return reloadedByAudit(outputs['drop-in'], outputs.audit);
    },
  })
  .step('remove-drop-in', {
    title: 'Remove it',
    needs: ['reach', 'drop-in', 'audit'],
    locks,
    use: removeDropIn,
    with: ({ params: p, outputs, run }) => ({
      ...dropInOf(p, outputs.reach, run, 'user'),
      folderWasThere: outputs['drop-in'].folderWasThere,
    }),
  })

  .phase('Auto-update')
  .step('due', {
    title: 'What auto-update would replace',
    needs: ['reach', 'remove-drop-in'],
    locks,
    readonly: true,
    timeout: '15m',
    output: due,
    describe: 'podman auto-update --dry-run',
    run: ({ host, params: p, outputs }) => mayUpdate(asking(host), p, outputs.reach),
  })
  .step('error', {
    title: 'Give auto-update an error to report',
    needs: ['reach', 'due'],
    when: ({ outputs }) => outputs.due.may && outputs.due.image !== null,
    locks,
    use: plantError,
    with: ({ params: p, outputs, run }) => ({
      ...autoUpdateOf(p, outputs.reach, run),
      image: outputs.due.image ?? '',
      command: p.errorCommand,
    }),
  })
  .step('auto-update', {
    title: 'Start its unit',
    needs: ['reach', 'due', 'error'],
    when: ({ outputs }) => outputs.due.may,
    locks,
    timeout: '1h',
    use: runAutoUpdate,
    with: ({ params: p, outputs, run }) => autoUpdateOf(p, outputs.reach, run),
  })
  .check('auto-update-fails', {
    title: 'A failure of auto-update propagates',
    needs: ['reach', 'due', 'auto-update'],
    locks,
    onFailure,
    expect: "the unit fails, with podman's own status 125",
    run: async ({ $, params: p, outputs }) => {
      await showUnit({ $ }, outputs.reach, p.autoUpdate);
      return errorPropagates(outputs['auto-update'], outputs.due);
    },
  })
  .step('forget-failure', {
    title: 'Reset its failed state',
    needs: ['reach', 'due', 'auto-update'],
    when: ({ outputs }) => outputs.due.may,
    locks,
    use: forgetAutoUpdate,
    with: ({ params: p, outputs, run }) => ({
      ...autoUpdateOf(p, outputs.reach, run),
      hadFailed: outputs['auto-update']?.hadFailed ?? true,
    }),
  })
  .step('remove-error', {
    title: 'Remove what it failed at',
    needs: ['reach', 'due', 'forget-failure'],
    when: ({ outputs }) => outputs.due.may,
    locks,
    use: removeError,
    with: ({ params: p, outputs, run }) => autoUpdateOf(p, outputs.reach, run),
  })

  .phase('After')
  .check('as-before', {
    title: 'Everything is as before',
    needs: ['reach', 'before', 'remove-error'],
    locks,
    onFailure,
    expect: 'units, their files and drop-ins, containers, the health file and the system',
    run: async ({ host, params: p, outputs, run }) =>
      compareStanding(outputs.before, await readStanding(host, p, outputs.reach, run)),
  });
