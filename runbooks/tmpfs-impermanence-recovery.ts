import { runbook } from 'migrate-runbook';
import { requireMount } from 'migrate-runbook/operations';
import { findOldRoot, mountOldRoot } from './tmpfs-impermanence-recovery/old-root.ts';
import { params } from './tmpfs-impermanence-recovery/params.ts';
import { rehearsal } from './tmpfs-impermanence-recovery/rehearsal.ts';
import {
  removeServices,
  restoreServices,
  servicesAreWhole,
  servicesToBring,
} from './tmpfs-impermanence-recovery/services.ts';
import { etc, home, isBackup, recovered, varLib, wholeRoot } from './tmpfs-impermanence-recovery/trees.ts';

export default runbook('tmpfs-impermanence-recovery', {
  summary: 'Bring a machine back to a persistent root, when its root in memory has failed',
  params,
  tools: ['rsync', 'mount', 'blkid'],
  root: true,
  claims: ({ params: p }) => [{ kind: 'path', path: p.target, role: 'target' }],
  rehearsal,
})
  .phase('Installer')
  .manual('installer', {
    title: 'Boot from the NixOS installer',
    instructions: ({ params: p }) =>
      `Boot from the NixOS installer, make an ext4 for the new root on a disk that holds neither ${p.source} nor anything else that is needed, and mount it at ${p.target}.`,
  })
  .step('target', {
    title: 'The new root is mounted',
    needs: ['installer'],
    use: requireMount,
    with: ({ params: p }) => ({ point: p.target, uuid: p.targetUuid, writable: true as const }),
  })
  .check('not-formatted', {
    title: 'The old root is what it was',
    needs: ['target'],
    when: ({ params: p }) => !isBackup(p),
    expect: 'the ext4 with the UUID from before the reinstall',
    run: ({ host, params: p }) => findOldRoot(host, p),
  })
  .step('mount', {
    title: 'Mount the old root, read-only',
    needs: ['not-formatted'],
    when: ({ params: p }) => !isBackup(p),
    use: mountOldRoot,
    with: ({ params: p }) => ({ source: p.source, at: p.oldRoot, isImage: p.from === 'image' }),
  })

  .phase('Restore')
  .use(recovered(wholeRoot), { prefix: 'root', needs: ['mount'] })
  .use(recovered(varLib), { prefix: 'var-lib', needs: ['root-verify'] })
  .step('services', {
    title: 'Restore the folders of services',
    needs: ['var-lib-verify'],
    when: ({ params: p }) => isBackup(p),
    idempotent: true,
    capture: async ({ host, params: p }) => ({ names: await servicesToBring(host, p) }),
    commands: ({ params: p }) => [restoreServices(p)],
    undo: ({ params: p, captured: { names } }) => (names.length === 0 ? [] : [removeServices(p, names)]),
  })
  .check('services-verify', {
    title: 'Read the folders of services',
    needs: ['services'],
    when: ({ params: p }) => isBackup(p),
    expect: 'all that the backup has of them, by content and attributes',
    run: ({ host, params: p }) => servicesAreWhole(host, p),
  })
  .use(recovered(etc), { prefix: 'etc', needs: ['services-verify'] })
  .use(recovered(home), { prefix: 'home', needs: ['etc-verify'] })

  .phase('Rebuild')
  .step('rebuild', {
    title: 'Install the configuration with a persistent root',
    needs: ['home-verify'],
    irreversible: 'the boot loader of the new root is written',
    timeout: '6h',
    commands: ({ params: p, sh }) => [sh`${p.rebuild}`],
  })
  .reboot('boot', {
    title: 'Boot it',
    needs: ['rebuild'],
    instructions: ({ params: p }) =>
      `Boot from the disk that is mounted at ${p.target}, then: migrate resume`,
  })
  .check('persistent', {
    title: 'The root persists',
    needs: ['boot'],
    expect: 'an ext4 that is mounted at /',
    run: async ({ host }) => {
      const root = (await host.mounts()).findLast(({ point }) => point === '/');
      const observed = `the root is ${root?.type ?? 'unknown'} from ${root?.source ?? 'nothing'}`;
      return { verdict: root?.type === 'ext4' ? 'PASS' : 'FAIL', observed };
    },
  });
