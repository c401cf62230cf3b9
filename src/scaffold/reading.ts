/** Programs that only look, by their first words; a word that ends in `…` may go on. */
const looks = [
  ...'ls cat df du find findmnt lsblk blkid stat grep head wc uptime free id hostname date mount'.split(' '),
  ...['status', 'show', 'is-active', 'is-enabled', 'is-failed', 'list-units', 'list-timers', 'cat'].map(
    (word) => `systemctl ${word}`,
  ),
  ...['list', 'get'].flatMap((word) => [`zfs ${word}`, `zpool ${word}`]),
  ...['zpool status', 'zpool iostat', 'journalctl', 'restic snapshots', 'restic check', 'restic stats'],
  ...['nix path-info', 'nix store verify', 'nix-store --verify', 'nixos-rebuild dry-build', 'nixos-version'],
  ...['docker ps', 'podman ps', 'podman inspect', 'docker inspect', 'ssh-add -l', 'sanoid --monitor'],
];

/** Of a looking program, what does more. */
const changes = /(^|\s)(-delete|-exec|-execdir|--vacuum-\S+|--rotate|--repair|-o|-t|-a|--bind)(\s|$)/;

/** Whether a command is known to change nothing. */
export function onlyReads(argv: readonly string[]): boolean {
  const words = argv.filter((word) => word !== '--user' && word !== '--no-pager').join(' ');
  if (!looks.some((look) => words === look || words.startsWith(`${look} `))) return false;
  const mayChange = ['find', 'journalctl', 'mount', 'nix-store', 'nix'].includes(argv[0] ?? '');
  if (argv[0] === 'mount') return argv.length === 1;
  return !mayChange || !changes.test(words);
}

const operations: readonly (readonly [RegExp, string])[] = [
  [/^rsync\b|^cp -\w*[ra]/, 'copyTree verifies what it copied, and takes back only its own copy'],
  [/^rm -\w*r/, 'this deletes for ever: removeTree demands evidence first'],
  [/^restic backup\b/, 'resticBackup keeps the snapshot, and resticRestorable proves it'],
  [/^nixos-rebuild\b/, 'nixosRebuild goes back to the system of before'],
  [/^systemctl( --user)? stop\b/, 'freezeUnits starts them again'],
  [/^systemctl( --user)? (re)?start\b/, 'startUnits and restartUnits know what was running'],
  [/^mount --bind\b/, 'bindMount unmounts only what it mounted'],
  [/^zfs create\b/, 'zfsDataset destroys only what it made, by its GUID'],
  [/^zfs snapshot\b/, 'zfsSnapshot destroys only what it made, by its GUID'],
  [/^zfs destroy\b/, 'this deletes for ever: zfsDestroy destroys by GUID, and lists what goes'],
  [/^nix-collect-garbage\b/, 'this deletes the generations that a way back needs'],
];

/** What is to be decided of a command that changes something. */
export function questionOf(argv: readonly string[]): string {
  const words = argv.join(' ');
  const better = operations.find(([pattern]) => pattern.test(words))?.[1];
  return `how is \`${words}\` taken back?${better === undefined ? '' : ` ${better}.`}`;
}
