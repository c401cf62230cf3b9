import type { Host } from '../../runbook/index.ts';
import type { PackageFiles } from './packages.ts';

/** A file of /etc that the system does not make by itself as it is. */
export interface ChangedFile {
  readonly path: string;
  /** `modified`: another one is delivered; `added`: none is. */
  readonly how: 'modified' | 'added';
  readonly package?: string;
}

/** By what is known which files of /etc are generated. */
export type EtcSource = 'nixos' | 'dpkg' | 'unknown';

/** What lies in /etc besides what the system generates there. */
export async function changedEtc(
  host: Host,
  packages: Promise<PackageFiles | undefined>,
): Promise<{ readonly source: EtcSource; readonly files: readonly ChangedFile[] }> {
  const found = await listEtc(host);
  if ((await host.files.stat('/etc/static')) !== undefined) {
    return { source: 'nixos', files: await besidesStatic(host, found) };
  }
  const delivered = await packages;
  if (delivered !== undefined)
    return { source: 'dpkg', files: await besidesPackages(host, found, delivered) };
  return { source: 'unknown', files: found.map(({ path }) => ({ path, how: 'added' as const })) };
}

interface EtcFile {
  readonly path: string;
  /** What a symlink says. */
  readonly target: string | undefined;
}

async function listEtc(host: Host): Promise<readonly EtcFile[]> {
  const { stdout } = await host.exec(
    {
      argv: [
        'find',
        '/etc',
        '-xdev',
        '(',
        '-type',
        'f',
        '-o',
        '-type',
        'l',
        ')',
        '-printf',
        '%y\\t%l\\t%p\\0',
      ],
      env: { LC_ALL: 'C' },
    },
    { anyExit: true },
  );
  return parseEtc(stdout);
}

export function parseEtc(text: string): readonly EtcFile[] {
  return text.split('\0').flatMap((record) => {
    const [kind = '', target = '', ...path] = record.split('\t');
    return path.length === 0 ? [] : [{ path: path.join('\t'), target: kind === 'l' ? target : undefined }];
  });
}

/** Generated are links that lead to /etc/static, and copies of what lies there (`mode` of environment.etc). */
async function besidesStatic(host: Host, found: readonly EtcFile[]): Promise<readonly ChangedFile[]> {
  const own = found.filter(
    ({ path, target }) =>
      path !== '/etc/static' && path !== '/etc/.clean' && target?.startsWith('/etc/static/') !== true,
  );
  const copies = new Set(((await host.files.read('/etc/.clean')) ?? '').split('\n').filter(Boolean));
  const changed: ChangedFile[] = [];
  for (const { path, target } of own) {
    const name = path.slice('/etc/'.length);
    if (target?.startsWith('/nix/store/') === true) continue;
    if (!copies.has(name)) {
      changed.push({ path, how: 'added' });
      continue;
    }
    const same = (await host.files.read(path)) === (await host.files.read(`/etc/static/${name}`));
    if (!same) changed.push({ path, how: 'modified' });
  }
  return changed;
}

/** Checksums at once: a command's length is bounded. */
const atOnce = 500;

async function besidesPackages(
  host: Host,
  found: readonly EtcFile[],
  { conffiles, owners }: PackageFiles,
): Promise<readonly ChangedFile[]> {
  const plain = found.filter(({ target }) => target === undefined).map(({ path }) => path);
  const sums = new Map<string, string>();
  const known = plain.filter((path) => conffiles.has(path));
  for (let start = 0; start < known.length; start += atOnce) {
    const argv = ['md5sum', '--zero', '--', ...known.slice(start, start + atOnce)] as const;
    const { stdout } = await host.exec({ argv }, { anyExit: true });
    for (const record of stdout.split('\0')) sums.set(record.slice(34), record.slice(0, 32));
  }
  return found.flatMap(({ path }): ChangedFile[] => {
    const conffile = conffiles.get(path);
    const owner = conffile?.package ?? owners.get(path);
    if (conffile === undefined)
      return owner === undefined && !byScripts.test(path) ? [{ path, how: 'added' }] : [];
    // Without a sum it could not be read, or is a link where a file was delivered.
    return sums.get(path) === conffile.md5 ? [] : [{ path, how: 'modified', package: conffile.package }];
  });
}

/** What the scripts of packages make there, and make again. */
const byScripts = /^\/etc\/(alternatives|rc[0-6S]\.d|ssl\/certs|ld\.so\.cache$)/;
