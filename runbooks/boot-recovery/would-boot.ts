import { posix } from 'node:path';
import type { Host } from 'migrate-runbook';
import { parseFstab, type FstabMount } from '../persistence/fstab.ts';
import { bootEntry } from '../system-disk-impermanence/built-system.ts';
import { readWithin } from '../system-disk-impermanence/read-within.ts';
import type { Found } from './its-disk.ts';
import { target, type Params } from './params.ts';

const byUuid = '/dev/disk/by-uuid/';

/** What the boot loader would start of the disk that is mounted at `target`, and what of it would fail. */
export async function wouldBoot(
  host: Host,
  { espMount }: Pick<Params, 'espMount'>,
  ids: Found,
): Promise<{ readonly what: string; readonly wrong: readonly string[] }> {
  const entry = await bootEntry(host, `${target}${espMount}`, target);
  if (entry === undefined) return { what: 'nothing', wrong: ['the boot loader has no default entry'] };
  const what = `${entry.entry} boots ${entry.init}`;
  if (entry.missing.length > 0)
    return { what, wrong: [`${entry.entry} names what is not there: ${entry.missing.join(', ')}`] };
  const file = `${posix.dirname(entry.init)}/etc/fstab`;
  const text = await readWithin(host, target, file);
  if (text === undefined) return { what, wrong: [`there is no ${file}`] };
  const wanted = { '/nix': ids.nix, '/persist': ids.persist, [espMount]: ids.esp };
  return { what, wrong: notOfThisDisk(parseFstab(text), wanted) };
}

/**
 * File systems that a system looks for elsewhere than on its disk. One that it names by other means than its UUID is
 * taken for right.
 *
 * @param wanted UUIDs by mount point
 */
export function notOfThisDisk(
  mounts: readonly FstabMount[],
  wanted: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.entries(wanted).flatMap(([point, uuid]) => {
    const source = mounts.findLast((mount) => mount.point === point)?.source;
    if (source === undefined) return [`${point} is not mounted`];
    if (!source.startsWith(byUuid)) return [];
    const said = source.slice(byUuid.length);
    if (said.toLowerCase() === uuid.toLowerCase()) return [];
    return [`${point} is looked for by the UUID ${said}, and that of this disk is ${uuid}`];
  });
}
