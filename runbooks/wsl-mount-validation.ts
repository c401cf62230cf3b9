import { runbook } from 'migrate-runbook';
import { beginWrites, removeWrites } from './wsl-mount-validation/begin-writes.ts';
import { bootOrder } from './wsl-mount-validation/boot-order.ts';
import { judgeFallback, mountByWindows } from './wsl-mount-validation/fallback.ts';
import { filesHold, storesHold } from './wsl-mount-validation/integrity.ts';
import { isMounted, isMountedAgain } from './wsl-mount-validation/mounted.ts';
import { params } from './wsl-mount-validation/params.ts';
import { judgeRecovery, unmountAndSee } from './wsl-mount-validation/recovery.ts';
import { rehearsal } from './wsl-mount-validation/rehearsal.ts';
import { judgeLate, judgeNever, retriesWithoutDisk } from './wsl-mount-validation/retries.ts';
import { serviceLog } from './wsl-mount-validation/service-log.ts';
import { judgeUnit, propertiesOf } from './wsl-mount-validation/unit.ts';
import { windowsRestart } from './wsl-mount-validation/windows-restart.ts';
import { judgeWrite, writeAsUser } from './wsl-mount-validation/write-as-user.ts';

const onFailure = 'continue' as const;

export default runbook('wsl-mount-validation', {
  summary: 'Prove that the SSD of a NixOS-WSL machine is mounted whatever restarts, and loses nothing',
  params,
  tools: ['findmnt', 'blkid', 'unshare', 'setpriv', 'systemctl', 'systemd-run', 'journalctl', 'sha256sum'],
  root: true,
  claims: ({ params: p }) => [{ kind: 'unit', unit: p.mountUnit }],
  rehearsal,
})
  .phase('Look')
  .check('unit', {
    title: 'The unit is as it should be',
    expect: 'there, started at boot, with its work done, and the one that is on the disk',
    onFailure,
    run: async ({ host, params: p }) => judgeUnit(p.mountUnit, await propertiesOf(host, p.mountUnit)),
  })
  .check('mounted', {
    title: 'The right disk is mounted',
    expect: 'the file system with the UUID, at its place, for writing',
    onFailure,
    run: ({ host, params: p }) => isMounted(host, p),
  })
  .check('log', {
    title: 'What the unit says, and that its log stays bounded',
    expect: 'lines of this boot, no trouble in them, and a log below its limit',
    onFailure,
    run: ({ host, params: p }) => serviceLog(host, p),
  })
  .check('boot-order', {
    title: 'The order of the boot',
    expect: 'no circle of units, and none that failed for want of another',
    onFailure,
    run: ({ host, params: p }) => bootOrder(host, p),
  })

  .phase('Write')
  .step('write', {
    title: 'Try to write as the ordinary user',
    locks: ['mount'],
    use: writeAsUser,
    with: ({ params: p }) => ({ p }),
  })
  .check('may-write', {
    title: 'Who may write to the folder',
    needs: ['write'],
    onFailure,
    expect: 'before the cut-over the ordinary user too; afterwards root alone',
    run: ({ params: p, outputs }) => judgeWrite(p.user, outputs.write),
  })

  .phase('Retry')
  .step('come-late', {
    title: 'Have the disk come late, where nobody else sees it',
    locks: ['mount'],
    timeout: '15m',
    use: retriesWithoutDisk,
    with: ({ params: p }) => ({ p, lateSeconds: p.lateSeconds }),
  })
  .check('late', {
    title: 'A disk that comes late',
    needs: ['come-late'],
    onFailure,
    expect: 'the unit tries again, and mounts it',
    run: ({ params: p, outputs }) => judgeLate(p.mountUnit, p.lateSeconds * 1_000, outputs['come-late']),
  })
  .step('come-never', {
    title: 'Have the disk never come, where nobody else sees it',
    locks: ['mount'],
    timeout: '15m',
    use: retriesWithoutDisk,
    with: ({ params: p }) => ({ p }),
  })
  .check('never', {
    title: 'A disk that never comes',
    needs: ['come-never'],
    onFailure,
    expect: 'the unit fails after its tries, and says how many they were',
    run: ({ params: p, outputs }) => judgeNever(p.mountUnit, p.retries, outputs['come-never']),
  })

  .phase('Recover')
  .step('unmount', {
    title: 'Unmount it as a person might, and see what brings it back',
    locks: ['mount'],
    use: unmountAndSee,
    with: ({ params: p }) => ({ p }),
  })
  .check('recovery', {
    title: 'Recovery after a manual unmount',
    needs: ['unmount'],
    onFailure,
    expect: 'the unit mounts it again, by itself or when it is started',
    run: ({ params: p, outputs }) => judgeRecovery(p.mountUnit, outputs.unmount),
  })
  .step('by-windows', {
    title: 'Have Windows mount it by the script',
    locks: ['mount'],
    use: mountByWindows,
    with: ({ params: p }) => ({ p }),
  })
  .check('fallback', {
    title: 'The fallback through Windows',
    needs: ['by-windows'],
    onFailure,
    expect: 'the PowerShell script has the disk mounted at its place',
    run: ({ params: p, outputs }) => judgeFallback(p.fallbackScript, outputs['by-windows']),
  })

  .phase('Restart')
  .reboot('restart-wsl', {
    title: 'Restart this distribution',
    // Only when nothing is being tried with the mount.
    needs: ['write', 'come-late', 'come-never', 'unmount', 'by-windows'],
    instructions: ({ params: p }) =>
      `from Windows, run: wsl.exe --terminate ${p.distribution}; then start it again with wsl.exe -d ${p.distribution}`,
  })
  .check('after-wsl', {
    title: 'Mounted again after a restart of the distribution',
    needs: ['restart-wsl'],
    onFailure,
    expect: 'the SSD at its place, by the unit, without anybody’s doing',
    run: ({ host, params: p }) => isMountedAgain(host, p),
  })
  .use(windowsRestart('restart'), { prefix: 'windows', needs: ['restart-wsl'] })
  .use(windowsRestart('fast-startup'), { prefix: 'fast-startup', needs: ['windows-restart'] })
  .use(windowsRestart('update'), { prefix: 'update', needs: ['fast-startup-restart'] })
  .check('boot-order-again', {
    title: 'The order of the last boot',
    needs: ['update-restart'],
    onFailure,
    expect: 'no circle of units, and none that failed for want of another',
    run: ({ host, params: p }) => bootOrder(host, p),
  })

  .phase('Lose nothing')
  .step('begin-writes', {
    title: 'Write and build without a pause',
    needs: ['update-restart'],
    locks: ['mount'],
    use: beginWrites,
    with: ({ params: p }) => ({ p }),
  })
  .reboot('terminate', {
    title: 'Terminate the distribution while it writes and builds',
    needs: ['begin-writes'],
    instructions: ({ params: p }) =>
      `it writes and builds now. From Windows, end it in the middle: wsl.exe --terminate ${p.distribution}; then start it again with wsl.exe -d ${p.distribution}`,
  })
  .check('files', {
    title: 'Files and renames',
    needs: ['terminate', 'begin-writes'],
    onFailure,
    expect: 'every file whole, none older than what was acknowledged, and the others as they were',
    run: ({ host, params: p, outputs }) => filesHold(host, p, outputs['begin-writes']),
  })
  .check('stores', {
    title: 'Nix stores',
    needs: ['terminate', 'begin-writes'],
    onFailure,
    expect: 'every path as Nix made it, in the store on the disk and in the one in use',
    run: ({ host, params: p, outputs }) => storesHold(host, p, outputs['begin-writes']),
  })
  .step('remove-writes', {
    title: 'Remove what was written for it',
    needs: ['terminate', 'begin-writes'],
    use: removeWrites,
    with: ({ outputs }) => outputs['begin-writes'],
  });
