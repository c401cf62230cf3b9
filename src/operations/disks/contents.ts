import { StepError } from '../../errors.ts';
import type { Host } from '../../runbook/index.ts';
import type { FileSystemType } from './file-system-kinds.ts';

// The paths go to the shell as arguments, and are never read by it.
const script = 'mount -o "$1" -- "$2" "$3" && exec find "$3" -xdev -mindepth 1 ! -type d -print -quit';

/**
 * The first thing on a file system that is no folder, and of vfat how much there is; undefined when there is nothing.
 * It is mounted read-only in a mount namespace of its own, which ends with the look; a FAT is read by its checker.
 *
 * @param on.folder where it is mounted for that moment
 * @throws StepError `disk.cannot-look`
 */
export async function firstThingOn(
  host: Host,
  on: {
    readonly node: string;
    readonly type: FileSystemType;
    readonly folder: string;
    readonly label: string;
  },
): Promise<string | undefined> {
  if (on.type === 'swap') return undefined;
  if (on.type === 'vfat') return firstOnFat(host, on);
  const options = 'ro,noload';
  const { stdout, stderr, exitCode } = await host.exec(
    {
      argv: [
        'unshare',
        '--mount',
        '--propagation',
        'private',
        'sh',
        '-c',
        script,
        'look',
        options,
        on.node,
        on.folder,
      ],
    },
    { anyExit: true },
  );
  if (exitCode === 0) return stdout.trim() === '' ? undefined : stdout.trim().slice(on.folder.length);
  throw new StepError(
    'disk.cannot-look',
    `what is on ${on.node} cannot be seen: ${stderr.trim() || `exit ${exitCode}`}`,
    'Nothing that might hold data is wiped unseen.',
  );
}

/** The installer's kernel may have no driver for it loaded; its tools are there. */
async function firstOnFat(
  host: Host,
  { node, label }: { readonly node: string; readonly label: string },
): Promise<string | undefined> {
  const { stdout, exitCode } = await host.exec({ argv: ['fsck.vfat', '-n', '-l', node] }, { anyExit: true });
  const names = [...stdout.matchAll(/^Checking file (.*)$/gm)].map((found) => found[1] ?? '');
  if (exitCode === 0 && names.length > 0) {
    // The label is an entry of the root folder.
    return names.find((name) => name !== '/' && name !== `/${label}`);
  }
  throw new StepError(
    'disk.cannot-look',
    `what is on ${node} cannot be seen: fsck.vfat exited with ${exitCode}`,
    'Nothing that might hold data is wiped unseen.',
  );
}
