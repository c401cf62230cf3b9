import { absolutePath, operation, sh, StepError, z, type Command, type Host } from 'migrate-runbook';

const input = z.strictObject({
  persist: absolutePath,
  services: z.array(
    z.strictObject({
      unit: z.string(),
      folder: absolutePath,
      user: z.string(),
      group: z.string(),
      mode: z.string(),
    }),
  ),
});
type Service = z.output<typeof input>['services'][number];

/**
 * Moves the folder of each service in turn beneath the persistent folder, by a rename on the same file system, and
 * binds it to its place. Each state in between is told by what is there, so whatever a power cut leaves is completed;
 * and nothing is copied, so going back loses nothing that was written since.
 */
const moveScript = `
set -eu
unit=$1 folder=$2 kept=$3
if ! mountpoint -q "$folder"; then
  systemctl stop "$unit"
  mkdir -p "$(dirname "$kept")"
  if [ ! -e "$kept" ]; then mv -T "$folder" "$kept"; fi
  mkdir -p "$folder"
  chown --reference="$kept" "$folder"
  chmod --reference="$kept" "$folder"
  sync -f "$kept"
  mount --bind "$kept" "$folder"
fi
chown "$4:$5" "$kept"
chmod "$6" "$kept"
systemctl start "$unit"
`;
/**
 * The way back, also where only a part of it was done. A system that has booted with the bind would bind it again for
 * the service, and there is nothing to bind any more: there the service stays down until the old system boots.
 */
const backScript = `
set -eu
unit=$1 folder=$2 kept=$3
[ -d "$kept" ] || exit 0
systemctl stop "$unit" || true
while mountpoint -q "$folder"; do umount "$folder"; done
if [ -e "$folder" ]; then rmdir "$folder"; fi
mv -T "$kept" "$folder"
chown "$4:$5" "$folder"
chmod "$6" "$folder"
sync -f "$folder"
# Only what the way there has made: $7 was there before, and / always is.
( cd "$7" && rmdir --ignore-fail-on-non-empty -p "$8" ) || true
if ! findmnt --fstab --mountpoint "$folder" >/dev/null; then systemctl start "$unit"; fi
`;

const keptAt = (persist: string, { folder }: Pick<Service, 'folder'>) => `${persist}${folder}`;

export const persistServices = operation({
  operation: 'persist-services',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input: { persist, services } }) => {
    const looks: { folder: string; owner: string; group: string; mode: string }[] = [];
    for (const service of services) looks.push(await mayMove(host, persist, service));
    return { looks, persistWasThere: (await host.files.stat(persist)) !== undefined };
  },
  probe: async ({ host, input: { persist, services } }) => {
    const bound: boolean[] = [];
    for (const service of services) bound.push(await isBound(host, persist, service.folder));
    if (bound.every(Boolean)) return 'done';
    const moved = await Promise.all(
      services.map(async (one) => (await host.files.stat(keptAt(persist, one))) !== undefined),
    );
    return moved.some(Boolean) ? 'partial' : 'not-started';
  },
  idempotent: true,
  commands: ({ input: { persist, services } }) =>
    services.map(({ unit, folder, user, group, mode }) =>
      script(moveScript, [unit, folder, keptAt(persist, { folder }), user, group, mode]),
    ),
  verify: async ({ host, input: { persist, services } }) => {
    for (const { folder } of services) {
      if (await isBound(host, persist, folder)) continue;
      throw new StepError(
        'persistence.not-bound',
        `${folder} is not ${persist}${folder}`,
        'See what the commands said: migrate logs',
      );
    }
  },
  undo: ({ input: { persist, services }, captured }) =>
    services.toReversed().map((service) => {
      const look = captured.looks.find(({ folder }) => folder === service.folder);
      const as = [look?.owner ?? service.user, look?.group ?? service.group, look?.mode ?? service.mode];
      const parent = keptAt(persist, service)
        .slice(1)
        .replace(/\/[^/]*$/, '');
      const left = captured.persistWasThere ? [persist, parent.slice(persist.length)] : ['/', parent];
      return script(backScript, [service.unit, service.folder, keptAt(persist, service), ...as, ...left]);
    }),
});

function script(text: string, args: readonly string[]): Command {
  return sh`sh -c ${text} persist-services ${args}`;
}

async function mayMove(host: Host, persist: string, { folder }: Service) {
  const look = await host.files.stat(folder);
  if (look?.kind !== 'folder') {
    throw new StepError(
      'persistence.no-folder',
      `${folder} is no folder of its own`,
      'Give the folder in which the service keeps its state; of a DynamicUser the one in /var/lib/private.',
    );
  }
  if ((await host.files.stat(`${persist}${folder}`)) !== undefined) {
    throw new StepError(
      'persistence.taken',
      `${persist}${folder} is there already, and nobody knows whose data that is`,
      'Look at it; move it away when it is none of this service.',
    );
  }
  const root = await host.files.stat(await existing(host, `${persist}${folder}`));
  if (root?.device !== look.device) {
    throw new StepError(
      'persistence.other-file-system',
      `${folder} and ${persist} lie on different file systems, so nothing can be renamed between them`,
      'On the existing root the persistent folder is a folder of it: unmount what is mounted there.',
    );
  }
  return {
    folder,
    owner: String(look.uid),
    group: String(look.gid),
    mode: look.mode.toString(8).padStart(4, '0'),
  };
}

async function existing(host: Host, path: string): Promise<string> {
  return path === '' || (await host.files.stat(path)) !== undefined
    ? path || '/'
    : existing(host, path.slice(0, path.lastIndexOf('/')));
}

/** Whether one folder is shown as the other: by device and inode. */
export async function isBound(host: Host, persist: string, folder: string): Promise<boolean> {
  const [place, kept] = [await host.files.stat(folder), await host.files.stat(`${persist}${folder}`)];
  return place !== undefined && place.inode === kept?.inode && place.device === kept.device;
}
