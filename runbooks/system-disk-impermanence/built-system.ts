import type { Finding, Host } from 'migrate-runbook';
import type { Identities, Params } from './params.ts';
import { readWithin } from './read-within.ts';

/** One line of fstab. */
interface Line {
  readonly device: string;
  readonly type: string;
  readonly options: readonly string[];
}

/**
 * Whether a built system mounts what it shall: root in memory, `/nix` and `/persist` before it is activated, each by the
 * UUID of the new disk.
 *
 * @param root where its store lies, when it is not the running system's
 */
export async function mountsAsPlanned(
  host: Host,
  system: string,
  p: Params,
  ids: Identities,
  root = '',
): Promise<Finding> {
  const text = await readWithin(host, root, `${system}/etc/fstab`);
  if (text === undefined) return { verdict: 'FAIL', observed: `${root}${system} has no etc/fstab` };
  const lines = new Map<string, Line>();
  for (const line of text.split('\n')) {
    const [device = '', point = '', type = '', options = ''] = line.split(/\s+/);
    if (device !== '' && !device.startsWith('#')) {
      lines.set(type === 'swap' ? 'swap' : point, { device, type, options: options.split(',') });
    }
  }
  const wrong: string[] = [];
  const must = (point: string, type: string, uuid: string | undefined, options: readonly string[]) => {
    const line = lines.get(point);
    if (line === undefined) {
      wrong.push(`${point} is not mounted`);
      return;
    }
    if (line.type !== type) wrong.push(`${point} is ${line.type}, not ${type}`);
    if (uuid !== undefined && !line.device.toLowerCase().endsWith(uuid.toLowerCase())) {
      wrong.push(`${point} is ${line.device}, not the new ${uuid}`);
    }
    const missing = options.filter((option) => !line.options.includes(option));
    if (missing.length > 0) wrong.push(`${point} lacks ${missing.join(', ')}`);
  };
  must('/', 'tmpfs', undefined, [`size=${p.rootSize}`, 'mode=755']);
  // x-initrd.mount is what neededForBoot comes to.
  must('/nix', 'ext4', ids.nix, ['noatime', 'x-initrd.mount']);
  must('/persist', 'ext4', ids.persist, ['noatime', 'x-initrd.mount']);
  must(p.espMount, 'vfat', ids.esp, []);
  must('swap', 'swap', ids.swap, []);
  const parameters = (await host.files.read(`${root}${system}/kernel-params`)) ?? '';
  const resume = /\bresume=(\S+)/.exec(parameters)?.[1];
  if (resume !== undefined && !resume.endsWith(ids.swap)) wrong.push(`it resumes from ${resume}`);
  if (wrong.length > 0) return { verdict: 'FAIL', observed: wrong.join('; ') };
  return {
    verdict: 'PASS',
    observed: `root is a tmpfs of ${p.rootSize}, mode 755; /nix and /persist are there before it is activated; ${resume === undefined ? 'the initrd knows the resume device' : `it resumes from ${resume}`}`,
  };
}

/** The entry that a boot loader on an ESP starts by default, and whether all that it names is there. */
export async function bootEntry(
  host: Host,
  esp: string,
  root: string,
): Promise<
  { readonly entry: string; readonly init: string; readonly missing: readonly string[] } | undefined
> {
  const loader = await host.files.read(`${esp}/loader/loader.conf`);
  const pattern = /^default\s+(\S+)/m.exec(loader ?? '')?.[1];
  if (pattern === undefined) return undefined;
  const names = (await host.files.list(`${esp}/loader/entries`)) ?? [];
  // systemd-boot takes a pattern, and its newest match.
  const entry = names.findLast(
    (name) => name === pattern || name === `${pattern}.conf` || fits(name, pattern),
  );
  if (entry === undefined) return undefined;
  const text = (await host.files.read(`${esp}/loader/entries/${entry}`)) ?? '';
  const value = (key: string) => new RegExp(String.raw`^${key}\s+(\S+)`, 'm').exec(text)?.[1];
  const init = /\binit=(\S+)/.exec(text)?.[1] ?? '';
  const files = [
    ...['linux', 'initrd'].map((key) => `${esp}${value(key) ?? `/no-${key}`}`),
    init === '' ? `${root}/no-init` : `${root}${init}`,
  ];
  const missing = [];
  for (const file of files) if ((await host.files.stat(file)) === undefined) missing.push(file);
  return { entry, init, missing };
}

function fits(name: string, pattern: string): boolean {
  const [head = '', tail] = pattern.split('*');
  return tail !== undefined && name.startsWith(head) && name.endsWith(tail);
}
