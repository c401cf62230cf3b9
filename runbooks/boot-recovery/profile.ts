import { StepError, type Host } from 'migrate-runbook';
import { target } from './params.ts';

const places = [`${target}/nix`, '/nix'];
export const profileIn = (nix: string): string => `${nix}/var/nix/profiles/system`;

/**
 * The link of the disk's profile, where the disk is mounted now: by this run in the installer, or by the system that it
 * has booted since.
 *
 * @param uuid of the file system of /nix
 * @throws StepError `recovery.not-mounted`
 */
export async function profileOf(host: Host, uuid: string): Promise<string> {
  const node = await host.files.realPath(`/dev/disk/by-uuid/${uuid}`);
  const mounts = await host.mounts();
  const nix = places.find((place) => mounts.findLast(({ point }) => point === place)?.source === node);
  if (nix !== undefined && node !== undefined) return profileIn(nix);
  throw new StepError(
    'recovery.not-mounted',
    `the file system ${uuid} of /nix is mounted neither at ${places.join(' nor at ')}`,
    `Mount it again: mkdir -p ${target}/nix && mount /dev/disk/by-uuid/${uuid} ${target}/nix`,
  );
}
