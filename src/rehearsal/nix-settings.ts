/** `/etc/nix/nix.conf` of a world: nothing is fetched, and root works on the store by itself. */
export const nixConf = [
  'sandbox = false',
  'substitute = false',
  'build-users-group =',
  'experimental-features = nix-command flakes',
  'store = local',
  'fsync-metadata = false',
  '',
].join('\n');
