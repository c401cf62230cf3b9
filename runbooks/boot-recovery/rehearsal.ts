import type { RehearsalPlan } from 'migrate-runbook';

const flake = '/home/sinh/git-repos/nixcfg';
const persist = '6d0f7a41-58c3-4b9e-a2d7-1f93c8e05b64';
const mistaken = '6d0f7a41-58c3-4b9e-a2d7-1f93c8e05b46';

/** Emberroot after an edit: its configuration has two digits of the UUID of /persist the wrong way round. */
export const rehearsal: RehearsalPlan = {
  params: { disk: 'NEW-1', flake },
  systemDisks: {
    flake,
    host: 'Emberroot',
    disks: [
      { name: 'old', serial: 'OLD-1', megabytes: 200 },
      { name: 'new', serial: 'NEW-1', megabytes: 220, from: 'installer' },
      // Of one size with the new one, and nothing on it.
      { name: 'decoy', serial: 'DECOY-1', megabytes: 220, from: 'installer' },
    ],
    begins: 'installer',
    moved: {
      esp: '0C7E-41B5',
      nix: 'b83a1c56-07de-4f29-95b0-e4d2617c3f8a',
      persist,
      persistInConfiguration: mistaken,
    },
    boots: { boot: 'new', rollback: 'installer' },
  },
  byHand: {
    mended: [
      [
        'sed',
        '-i',
        `s/${mistaken}/${persist}/`,
        `/mnt-new/persist${flake}/systems/x86_64-linux/Emberroot/hardware-configuration.nix`,
      ],
    ],
  },
  afterwards: [['grep', '-qx', 'Dear all', '/home/sinh/Documents/letter.txt']],
  // The empty mount point stays, in an installer that is in memory.
  notCompared: ['/mnt-new', '/mnt/travel', '/root/.cache', '/nix/var/nix', '/nix/var/log'],
};
