import { operation, z, type Host } from 'migrate-runbook';

/** Where a mask until the next boot may lie; the first is stronger than the units of NixOS in /etc. */
const folders = ['/run/systemd/system.control', '/run/systemd/system'];

/**
 * Takes away the masks that keep units from starting until the next boot, and starts nothing. The undo
 * masks them again, so that the return of the old configuration starts nothing either.
 */
export const releaseUnits = operation({
  operation: 'release-units',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({ units: z.array(z.string()).min(1).readonly() }),
  capture: async ({ host, input }) => ({ links: await masksOf(host, input.units) }),
  // systemd goes by what it has read, and not by what lies there: before a daemon-reload neither is done.
  probe: async ({ host, input, captured }) => {
    const links = await masksOf(host, input.units);
    const masked = await loadedAsMasked(host, input.units);
    if (links.length === 0) return masked ? 'partial' : 'done';
    return masked && captured.links.every((link) => links.includes(link)) ? 'not-started' : 'partial';
  },
  idempotent: true,
  commands: ({ captured, sh }) =>
    captured.links.length === 0 ? [] : [sh`rm -f -- ${captured.links}`, sh`systemctl daemon-reload`],
  undo: ({ captured, sh }) => [
    ...captured.links.flatMap((link) => [
      sh`mkdir -p ${link.slice(0, link.lastIndexOf('/'))}`,
      sh`ln -sfn /dev/null ${link}`,
    ]),
    ...(captured.links.length === 0 ? [] : [sh`systemctl daemon-reload`]),
  ],
});

async function loadedAsMasked(host: Host, units: readonly string[]): Promise<boolean> {
  const argv = ['systemctl', 'show', '--property=LoadState', '--', ...units] as const;
  const { stdout } = await host.exec({ argv: [...argv] }, { anyExit: true });
  return stdout.split('\n').includes('LoadState=masked');
}

async function masksOf(host: Host, units: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const link of folders.flatMap((folder) => units.map((unit) => `${folder}/${unit}`))) {
    if ((await host.files.readLink(link)) === '/dev/null') found.push(link);
  }
  return found;
}
