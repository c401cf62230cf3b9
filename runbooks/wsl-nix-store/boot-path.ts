import { posix } from 'node:path';
import { operation, StepError, z, type Host } from 'migrate-runbook';
import { hookName } from './keep-boot.ts';

/**
 * Resolves what boot needs, as seen before any mount, and proves that it is there and will stay so.
 *
 * Input: `beneath`, where the root file system is reached without what is mounted on it; `source`, the
 * Nix tree. Output: the system that boots, and `keep`: the store paths that boot needs and the profile
 * links that lead to them, as boot sees them.
 * @throws StepError `boot-path.unresolved` when the profile leads nowhere, `boot-path.incomplete` when
 *   something that boot needs is not beneath, `boot-path.not-kept` when a rebuild would not be carried there
 */
export const proveBootPath = operation({
  operation: 'prove-boot-path',
  version: 1,
  reversal: 'readonly',
  input: z.strictObject({ beneath: z.string(), source: z.string() }),
  output: z.object({ system: z.string(), keep: z.array(z.string()) }),
  describe: 'resolve init and the system profile as seen before the mounts, and their closures',
  run: async ({ host, input: { beneath, source } }) => {
    const links = await followProfile(host, beneath, `${source}/var/nix/profiles`);
    const system = links.at(-1) as string;
    const init = await storePathOfInit(host, beneath);
    const closure = new Set<string>();
    for (const path of init === undefined ? [system] : [system, init]) {
      const { stdout } = await host.exec({ argv: ['nix-store', '--query', '--requisites', path] });
      for (const line of stdout.split('\n')) if (line.startsWith('/')) closure.add(line);
    }
    const keep = [...links.slice(0, -1), ...closure].toSorted();
    await mustBeThere(host, beneath, keep);
    await mustBeKept(host);
    return { system, keep };
  },
});

/** The profile, the generation link that it may name, and last the system's store path. */
async function followProfile(host: Host, beneath: string, profiles: string): Promise<string[]> {
  const links = [`${profiles}/system`];
  for (;;) {
    const target = await host.files.readLink(beneath + (links.at(-1) as string));
    if (target === undefined || links.length > 10) {
      throw new StepError(
        'boot-path.unresolved',
        `${links.join(' → ')}, as boot sees it, leads to no system`,
        'This machine may not boot any more: rebuild it before anything else.',
      );
    }
    links.push(posix.resolve(profiles, target));
    if (!links.at(-1)?.startsWith(`${profiles}/`)) return links;
  }
}

async function storePathOfInit(host: Host, beneath: string): Promise<string | undefined> {
  const target = await host.files.readLink(`${beneath}/sbin/init`);
  return target === undefined ? undefined : /^\/nix\/store\/[^/]+/.exec(target)?.[0];
}

async function mustBeThere(host: Host, beneath: string, keep: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const path of keep) if ((await host.files.stat(beneath + path)) === undefined) missing.push(path);
  if (missing.length === 0) return;
  throw new StepError(
    'boot-path.incomplete',
    `boot needs ${missing.length} paths that are not beneath the mount, such as ${missing[0]}`,
    'Run nixos-rebuild boot, which carries the boot closure beneath, and try again.',
  );
}

/** The running system must carry later rebuilds beneath by itself; see keep-boot.ts. */
async function mustBeKept(host: Host): Promise<void> {
  const switcher = '/run/current-system/bin/switch-to-configuration';
  const { exitCode } = await host.exec(
    { argv: ['grep', '--text', '--quiet', hookName, switcher] },
    { anyExit: true },
  );
  if (exitCode === 0) return;
  throw new StepError(
    'boot-path.not-kept',
    'the running system would not carry its next rebuild beneath the mount, so a later boot would fail',
    'The module that does so is in the sources of this runbook (keep-boot.ts): put it in the imports of the host and rebuild.',
  );
}
