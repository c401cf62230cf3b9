/**
 * Paths within the Nix tree that Nix and each boot write to on their own, and of which the old copy holds
 * nothing that anybody will miss: the database says what lies in that copy alone, the rest are locks and
 * links that are made anew.
 */
export const bookkeeping = [
  'var/log',
  ...['db', 'gc.lock', 'gc-socket', 'daemon-socket', 'gcroots', 'temproots', 'userpool'].map(
    (name) => `var/nix/${name}`,
  ),
];
