import type { Finding, Host } from 'migrate-runbook';
import { persisted, type Params, type groups } from './params.ts';
import { isBound } from './persist-services.ts';

type Group = (typeof groups)[number];

/** Whether each service of a group is up, on a folder that persists, with its owner and mode. */
export async function servicesOf(host: Host, p: Params, group: Group): Promise<Finding> {
  const its = p.services.filter(({ kind }) => kind === group);
  if (its.length === 0) return { verdict: 'PASS', observed: 'none on this machine' };
  const wrong: string[] = [];
  for (const { unit, folder, mode } of its) {
    const asked = ['systemctl', 'show', unit, '--property=ActiveState', '--value'] as const;
    const state = (await host.exec({ argv: asked }, { anyExit: true })).stdout.trim();
    if (state !== 'active') wrong.push(`${unit} is ${state || 'unknown'}`);
    if (!(await isBound(host, p.persist, folder))) wrong.push(`${folder} does not persist`);
    const look = await host.files.stat(persisted(p, folder));
    const has = look === undefined ? 'not there' : look.mode.toString(8).padStart(4, '0');
    if (has !== mode) wrong.push(`${folder} is ${has}, not ${mode}`);
  }
  const observed = its.map(({ unit }) => unit).join(', ');
  return wrong.length === 0
    ? { verdict: 'PASS', observed: `${observed}: up, on what persists` }
    : { verdict: 'FAIL', observed: wrong.join('; ') };
}

/** Homes, host keys as they were, and that the journal still belongs to this machine. */
export async function usersAndKeys(
  host: Host,
  p: Params,
  before: Readonly<Record<string, string>>,
): Promise<Finding> {
  const now = await fingerprints(host, p);
  const changed = Object.keys(before).filter((file) => before[file] !== now[file]);
  const homes = (await host.files.list(persisted(p, '/home'))) ?? [];
  if (changed.length > 0) return { verdict: 'FAIL', observed: `not as before: ${changed.join(', ')}` };
  return homes.length === 0
    ? { verdict: 'FAIL', observed: `there is no home in ${persisted(p, '/home')}` }
    : {
        verdict: 'PASS',
        observed: `${homes.length} homes; ${Object.keys(before).length} files as before, among them the host keys`,
      };
}

/** Hashes of the files that persist, of which the names alone may be shown. */
export async function fingerprints(
  host: Host,
  { files }: Pick<Params, 'files'>,
): Promise<Record<string, string>> {
  const { stdout } = await host.exec({ argv: ['sha256sum', '--', ...files] }, { anyExit: true });
  return Object.fromEntries(
    stdout.split('\n').flatMap((line) => {
      const [hash = '', path = ''] = line.split(/\s+/, 2);
      return path === '' ? [] : [[path, hash] as const];
    }),
  );
}

/** No unit has failed, and the root is still as small as an empty one. */
export async function systemServices(host: Host): Promise<Finding> {
  const { stdout } = await host.exec(
    { argv: ['systemctl', 'list-units', '--state=failed', '--no-legend', '--plain'] },
    { anyExit: true },
  );
  const failed = stdout.split('\n').flatMap((line) => line.trim().split(/\s+/)[0] || []);
  return failed.length === 0
    ? { verdict: 'PASS', observed: 'no unit has failed' }
    : { verdict: 'FAIL', observed: `failed: ${failed.join(', ')}` };
}

/** What somebody has put into /etc by hand: it was backed up, and is generated or gone now. */
export function customConfiguration(
  before: readonly { readonly path: string; readonly how: string }[],
  p: Pick<Params, 'files' | 'directories' | 'backup'>,
): Finding {
  const kept = new Set(p.files);
  const lost = before.filter(
    ({ path }) =>
      !kept.has(path) && !p.directories.some((folder) => path.startsWith(`${folder}/`)) && !made.test(path),
  );
  return lost.length === 0
    ? { verdict: 'PASS', observed: 'every file of /etc is generated, or persists' }
    : {
        verdict: 'PARTIAL',
        observed: `not restored, since nobody has declared them; they are in ${p.backup}/etc: ${lost.map(({ path }) => path).join(', ')}`,
        evidence: { files: lost.map(({ path }) => path) },
      };
}

/** Written by NixOS itself at each activation. */
const made =
  /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid|resolv\.conf|NIXOS|mtab|\.updated|\.pwd\.lock|hostname|hosts|fstab|passwd-|group-|shadow-|ld\.so\.\S+|localtime|alternatives.*)$/;
