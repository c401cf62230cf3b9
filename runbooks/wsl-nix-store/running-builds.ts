import type { Finding, Host } from 'migrate-runbook';

const builderPrograms = new Set([
  'nix-build',
  'nixos-rebuild',
  'nix-collect-garbage',
  'nix-env',
  'nix-store',
  'home-manager',
]);

export async function nothingBuilds(host: Host): Promise<Finding> {
  const builds = await runningBuilds(host);
  if (builds.length === 0) return { verdict: 'PASS', observed: 'none' };
  return {
    verdict: 'FAIL',
    observed: `still at work: ${builds.join('; ')}`,
    evidence: { builds: [...builds] },
  };
}

/** Programs at work on the store now, as `pid command`; the daemon itself does not count. */
async function runningBuilds(host: Host): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await host.files.list('/proc')) ?? []) {
    if (!/^\d+$/.test(pid)) continue;
    const command = ((await readProc(host, `/proc/${pid}/cmdline`)) ?? '').split('\0').filter(Boolean);
    const uid = /^Uid:\s+(\d+)/m.exec((await readProc(host, `/proc/${pid}/status`)) ?? '')?.[1];
    if (isBuild(command) || isBuildUser(uid)) found.push(`${pid} ${command.join(' ')}`);
  }
  return found;
}

function isBuild([program = '', first = '', second = '']: readonly string[]): boolean {
  const name = program.slice(program.lastIndexOf('/') + 1);
  const script = first.slice(first.lastIndexOf('/') + 1);
  if (builderPrograms.has(name) || builderPrograms.has(script)) return true;
  return name === 'nix' && ['build', 'develop', 'shell', 'run', 'copy', 'profile'].includes(first || second);
}

/** NixOS gives its build users the ids from 30001 on. */
function isBuildUser(uid: string | undefined): boolean {
  return uid !== undefined && Number(uid) >= 30_001 && Number(uid) <= 30_128;
}

/** A process may end between being listed and being read. */
async function readProc(host: Host, path: string): Promise<string | undefined> {
  try {
    return await host.files.read(path);
  } catch {
    return undefined;
  }
}
