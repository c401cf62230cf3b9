import type { RehearsalPlan } from 'migrate-runbook';

/** Emberroot in miniature: an old disk, a new one, and two that nobody means. */
export const rehearsal: RehearsalPlan = {
  params: {
    flake: '/home/sinh/git-repos/nixcfg',
    oldDisk: 'OLD-1',
    espSize: '40 MB',
    nixSize: '60 MB',
    persistAtLeast: '40 MB',
    swapSize: '12 MB',
    rootSize: '64M',
    backupRepository: '/mnt/travel/restic',
    backupPassword: 'file:/mnt/travel/restic-password',
    backupPaths: ['/etc', '/home', '/var/lib/docker'],
    vmTest: ['boot-in-vm'],
  },
  systemDisks: {
    flake: '/home/sinh/git-repos/nixcfg',
    host: 'Emberroot',
    disks: [
      { name: 'old', serial: 'OLD-1', megabytes: 200 },
      // Of one size with the new one, and before it.
      { name: 'decoy', serial: 'DECOY-1', megabytes: 220 },
      { name: 'new', serial: 'NEW-1', megabytes: 220, from: 'installer' },
      { name: 'nameless', megabytes: 220, from: 'installer' },
    ],
    boots: { 'boot-installer': 'installer', 'first-boot': 'new', rollback: 'old' },
  },
  answers: { 'new-disk': { serial: 'NEW-1', contents: 'empty' } },
  notCompared: ['/mnt/travel', '/root/.cache', '/nix/var/nix', '/nix/var/log'],
};
