import { sh, type Command, type Finding, type Host } from 'migrate-runbook';
import type { Params } from './params.ts';

const told = 5;

/** Brings the folders of services beside those that were restored already, so that nothing is deleted. */
export function restoreServices({ source, target }: Pick<Params, 'source' | 'target'>): Command {
  return sh`rsync -aHAX --numeric-ids --sparse -- ${source}/services/ ${target}/var/lib/`;
}

/**
 * Removes what was restored of them, and nothing that the backup has not: whatever else is found in one of them keeps
 * that folder.
 *
 * @param names what lies in the backup of them and was not in the new root
 */
export function removeServices(
  { source, target }: Pick<Params, 'source' | 'target'>,
  names: readonly string[],
): Command {
  return sh`sh -c ${removeScript} remove-services ${source}/services ${target}/var/lib ${names}`;
}

const removeScript = `
set -eu
backup=$1 restored=$2
shift 2
for name; do
  [ -e "$restored/$name" ] || continue
  news=$(rsync -aHAX --numeric-ids --checksum --dry-run --itemize-changes -- "$restored/$name" "$backup/")
  if [ -z "$news" ]; then rm -rf --one-file-system -- "$restored/$name"; else echo "$restored/$name is kept: it holds what the backup has not"; fi
done
`;

/** What lies in the backup of them and not in the new root yet. */
export async function servicesToBring(
  host: Host,
  { source, target }: Pick<Params, 'source' | 'target'>,
): Promise<readonly string[]> {
  const there = new Set(await host.files.list(`${target}/var/lib`));
  return ((await host.files.list(`${source}/services`)) ?? []).filter((name) => !there.has(name));
}

/** Reads both sides, and prints a line for each path that it would write; it writes nothing. */
export function compareServices({ source, target }: Pick<Params, 'source' | 'target'>): Command {
  return sh`rsync -aHAX --numeric-ids --checksum --dry-run --itemize-changes -- ${source}/services/ ${target}/var/lib/`;
}

/** @param listed what `compareServices` has printed; rsync exits with 0 whatever it found */
export function judgeServices(listed: string): Finding {
  const paths = listed.split('\n').filter((line) => line !== '');
  if (paths.length === 0)
    return { verdict: 'PASS', observed: 'every file has the content and the attributes of the backup' };
  const more = paths.length > told ? `; and ${paths.length - told} more` : '';
  return {
    verdict: 'FAIL',
    observed: `${paths.length} paths are not as in the backup: ${paths.slice(0, told).join('; ')}${more}`,
  };
}

/** @throws StepError when rsync cannot compare them to the end */
export async function servicesAreWhole(host: Host, p: Params): Promise<Finding> {
  return judgeServices((await host.exec(compareServices(p))).stdout);
}
