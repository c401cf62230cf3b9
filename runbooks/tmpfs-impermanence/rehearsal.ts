import type { RehearsalPlan } from 'migrate-runbook';

const flake = '/home/admin/nix-config';
const host = 'cassie-box';
const persistUuid = '4a7d2c61-93be-4f0a-8d15-6c2e7b90f3a8';
const persistDevice = `/dev/disk/by-uuid/${persistUuid}`;
const image = '/mnt/backup/cassie-box.img';
const services = ['plex', 'mariadb', 'podman-web'];
const service = (name: string, kind: string) => ({
  ...{ unit: `${name}.service`, folder: `/var/lib/${name}`, user: name, group: name, kind },
});

/** A media server in miniature. Its run's state lies on a disk of its own, as on a stick that stays. */
export const rehearsal: RehearsalPlan = {
  params: {
    flake,
    host,
    impermanence: '',
    persistDevice,
    services: [
      service('plex', 'media'),
      service('mariadb', 'databases'),
      service('podman-web', 'containers'),
    ],
    directories: ['/home', '/var/lib/nixos', '/var/lib/containers', '/var/lib/migrate-claims', '/var/log'],
    files: ['/etc/ssh/ssh_host_ed25519_key', '/etc/ssh/ssh_host_ed25519_key.pub', '/etc/machine-id'],
    backup: '/mnt/backup/cassie-box',
    vmTest: ['boot-vm', `${flake}#${host}`],
    imageCheck: ['boot-image', image],
  },
  disks: [
    { name: 'persist', mountPoint: '/persist', uuid: persistUuid, megabytes: 256 },
    {
      name: 'backup',
      mountPoint: '/mnt/backup',
      uuid: 'b2f60c3e-71ad-4d98-a3c4-5e0f81d27c69',
      megabytes: 256,
    },
    {
      name: 'state',
      mountPoint: '/var/lib/migrate',
      uuid: 'd7310e9a-48c5-4b62-9f07-1ac86e25d4b3',
      megabytes: 64,
    },
  ],
  answers: {
    advice: { because: 'experiments' },
    image: {
      image,
      sha256: '0'.repeat(64),
      bootedOn: 'a spare machine',
      showed: 'the login prompt',
    },
    reinstall: { disk: 'the disk of the old root' },
  },
  byHand: {
    image: [['sh', '-c', `echo 'stands for the image of the disk' >${image}`]],
    reinstall: [['nixos-anywhere', persistDevice, `${flake}#${host}`]],
  },
  notCompared: [
    // What was built stays, and its generations; which of it is in use is looked at.
    '/nix',
    // Which system the kernel was booted with: no rollback but a reboot changes it, and this one needs none.
    '/run/booted-system',
    // The folder of masks stays; the masks in it are looked at.
    '/run/systemd/system.control',
    // A link that nix-env makes for whoever calls it.
    '/root/.nix-profile',
    // What a person has made by hand is not this run's to remove.
    image,
    // Each start of a service writes there: a rollback keeps what services write.
    ...services.map((name) => `/var/lib/${name}/starts`),
  ],
  looks: [
    ['readlink', '-f', '/run/current-system', '/nix/var/nix/profiles/system', '/sbin/init'],
    ['find', '/run/systemd/system.control', '-type', 'l'],
    ['systemctl', 'list-units', '--no-legend'],
  ],
  nixosTmpfs: {
    flake,
    host,
    services,
    persistDisk: 'persist',
    seed: 20_250_127,
  },
};
