/** What speaks for it nevertheless. */
export const reasons = ['security', 'enjoys-complexity', 'robust-backups', 'experiments'] as const;

/** Said before anything else, and asked. */
export const advice = `For a home media server a persistent ext4 root is typically better: it is simpler to manage and to
mend, faster with large media files, loses data less easily, and is easier to back up and to recover. With a root
in memory, whatever nobody has declared is gone at each boot.

Go on only for one of these reasons, and say which: security (a clean slate at each boot), enjoys-complexity (you
like to administer such a system), robust-backups (backup and recovery are proven), experiments (the configuration
changes often). Shall it be done nevertheless?`;
