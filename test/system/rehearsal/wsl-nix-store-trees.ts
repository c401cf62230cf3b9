const ssd = '/mnt/wsl/storage';
/** What a migration may have changed. */
export const watched = ['/nix', '/home', ssd, '/etc', '/sbin'];
/** Nix keeps its own history in these: the database (its contents are compared apart), logs, locks, stale roots. */
export const except = ['db', 'gc.lock', 'gc-socket', 'gcroots/auto', 'temproots']
  .map((name) => `/nix/var/nix/${name}`)
  .concat('/nix/var/log');
/** Each boot activates the system anew, and in the others something was made and removed again. */
export const anyTime = [
  ...['/etc', '/etc/static', '/etc/systemd', '/etc/systemd/system', '/sbin', '/sbin/init'],
  ...[
    '',
    '/gcroots',
    '/gcroots/booted-system',
    '/gcroots/current-system',
    '/profiles',
    '/profiles/system',
  ].map((name) => `/nix/var/nix${name}`),
  '/nix/store',
  '/nix/store/.links',
  '/home/admin/nixcfg/hosts/thinky-nixos',
];
