import { absolutePath, operation, sh, StepError, z, type Command, type Host } from 'migrate-runbook';
import { missingFolders } from '../nixos-module/folder.ts';

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
/** The way back of one folder, also where only a part of it was done. The unit stays down until all are back. */
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
`;
/**
 * A system that has booted with the binds would bind each folder again for its unit, and there is nothing to bind any
 * more. The system before it knows no binds, and nothing lives on one by now: so it is made the one that runs.
 */
const systemScript = `
set -eu
[ "$(readlink -f /run/current-system)" = "$1" ] || "$1/bin/switch-to-configuration" test
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
    const parents = services.map(({ folder }) => parentOf(`${persist}${folder}`));
    const missing = new Set<string>();
    for (const path of parents) for (const one of await missingFolders(host, path)) missing.add(one);
    return {
      looks,
      missing: [...missing].toSorted((one, other) => other.length - one.length),
      system: (await host.files.realPath('/run/current-system')) ?? null,
    };
  },
  probe: async ({ host, input: { persist, services }, captured }) => {
    const bound: boolean[] = [];
    for (const service of services) bound.push(await isBound(host, persist, service.folder));
    if (bound.every(Boolean)) return 'done';
    const moved = await Promise.all(
      services.map(async (one) => (await host.files.stat(keptAt(persist, one))) !== undefined),
    );
    if (moved.some(Boolean)) return 'partial';
    // The way back removes them last, once the units are up again.
    const empty = await Promise.all(
      captured.missing.map(async (path) => (await host.files.list(path))?.length === 0),
    );
    return empty.some(Boolean) ? 'partial' : 'not-started';
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
  undoNeeds: [
    {
      name: 'the system before it',
      check: async ({ host, captured: { system } }) => {
        if (system === null) return true;
        const switcher = `${system}/bin/switch-to-configuration`;
        return (await host.files.stat(switcher)) !== undefined || `${switcher} is not there any more`;
      },
    },
  ],
  undo: ({ input: { persist, services }, captured: { looks, missing, system } }) => [
    ...services.toReversed().map((service) => {
      const look = looks.find(({ folder }) => folder === service.folder);
      const as = [look?.owner ?? service.user, look?.group ?? service.group, look?.mode ?? service.mode];
      return script(backScript, [service.unit, service.folder, keptAt(persist, service), ...as]);
    }),
    ...(system === null ? [] : [script(systemScript, [system])]),
    sh`systemctl start -- ${services.map(({ unit }) => unit)}`,
    // What somebody has put there stays; what is not there is as good as removed.
    ...(missing.length === 0
      ? []
      : [sh.with({ ok: [0, 1] })`rmdir --ignore-fail-on-non-empty -- ${missing}`]),
  ],
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

const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/'));

async function existing(host: Host, path: string): Promise<string> {
  return path === '' || (await host.files.stat(path)) !== undefined
    ? path || '/'
    : existing(host, parentOf(path));
}

/** Whether one folder is shown as the other: by device and inode. */
export async function isBound(host: Host, persist: string, folder: string): Promise<boolean> {
  const [place, kept] = [await host.files.stat(folder), await host.files.stat(`${persist}${folder}`)];
  return place !== undefined && place.inode === kept?.inode && place.device === kept.device;
}
