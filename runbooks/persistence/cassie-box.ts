import type { PersistenceEntry, PersistenceInventory } from './entry.ts';

const folder = (
  path: string,
  purpose: string,
  details: Partial<PersistenceEntry> = {},
): PersistenceEntry => ({ path, kind: 'directory', need: 'critical', purpose, ...details });
const file = (path: string, purpose: string, details: Partial<PersistenceEntry> = {}): PersistenceEntry => ({
  ...folder(path, purpose, details),
  kind: 'file',
});

/** A media server: what its list of critical paths names, and homes whole. Folders of services are declared by them. */
export const cassieBox: PersistenceInventory = {
  host: 'cassie-box',
  persist: '/persist',
  system: [
    file('/etc/ssh/ssh_host_ed25519_key', 'SSH host key', { mode: '0600' }),
    file('/etc/ssh/ssh_host_ed25519_key.pub', 'SSH host key, its public half'),
    file('/etc/ssh/ssh_host_rsa_key', 'SSH host key', { mode: '0600' }),
    file('/etc/ssh/ssh_host_rsa_key.pub', 'SSH host key, its public half'),
    file('/etc/machine-id', 'Unique machine identifier'),
    folder('/home', 'Home folders'),
    folder('/var/lib/nixos', 'NixOS state (uid/gid maps)'),
    folder('/var/lib/containers', 'Images, containers and volumes of Podman'),
    folder('/var/lib/systemd', 'Timers, random seed, linger, core dumps', { need: 'required' }),
    folder('/var/lib/migrate', 'Runs of migrate', { need: 'required' }),
    folder('/var/lib/migrate-claims', 'What runs of migrate hold', { need: 'required' }),
    folder('/var/log', 'Logs', { need: 'optional' }),
  ],
  homes: [],
  expendable: [],
};
