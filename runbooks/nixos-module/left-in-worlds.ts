import type { RehearsalPlan } from 'migrate-runbook';

const databases = {
  sonarr: 'sonarr.db',
  radarr: 'radarr.db',
  plex: 'plex.db',
  'home-assistant': 'home-assistant_v2.db',
} as const;

function isKnown(service: string): service is keyof typeof databases {
  return service in databases;
}

/** What SQLite keeps beside a database at work: each start of the service makes it anew, some time after it is up. */
function besideDatabase(service: string, folders: readonly string[]): readonly string[] {
  if (!isKnown(service)) return [];
  return folders.flatMap((folder) =>
    ['-shm', '-wal'].map((ending) => `${folder}/${service}/${databases[service]}${ending}`),
  );
}

/**
 * What a NixOS machine with ZFS keeps when a run is taken back, or writes by itself meanwhile.
 *
 * @param services of the machine
 * @param folders that hold a folder of each of them
 */
export function leftInWorlds(
  services: readonly string[],
  folders: readonly string[] = ['/persist/var/lib'],
): readonly string[] {
  return [
    // What was built stays until it is collected as garbage, and each system that was in use in the list of
    // generations. Which of it is in use is looked at.
    '/nix',
    '/root/.cache',
    // A link that nix-env makes for whoever calls it, even to ask for its version.
    '/root/.nix-profile',
    '/run/systemd/world-units',
    '/var/log/world-journal',
    ...services.flatMap((service) => besideDatabase(service, folders)),
  ];
}

/** The system that runs, the one that is built upon, and the one that boots. */
export const systemInUse: NonNullable<RehearsalPlan['looks']>[number] = [
  'readlink',
  '-f',
  '/run/current-system',
  '/nix/var/nix/profiles/system',
  '/sbin/init',
];
