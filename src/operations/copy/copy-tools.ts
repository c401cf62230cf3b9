import { StepError } from '../../errors.ts';
import type { Host } from '../../runbook/index.ts';
import type { Side, Sides } from './copy-sides.ts';

/** Whether commands run as root here, and so rsync copies attributes of all namespaces. */
export async function runsAsRoot(host: Host): Promise<boolean> {
  return (await host.exec({ argv: ['id', '-u'] })).stdout.trim() === '0';
}

/**
 * The same for both ends of a copy.
 *
 * @throws StepError `far.not-root` where only this one is: owners and attributes would be lost at the other
 */
export async function bothAsRoot({ from, to }: Sides): Promise<boolean> {
  const far = from.far === undefined ? to : from;
  const [here, there] = await Promise.all([
    runsAsRoot((far === from ? to : from).host),
    runsAsRoot(far.host),
  ]);
  if (here && !there)
    throw new StepError(
      'far.not-root',
      `the login for ${far.place} is not root there, so owners and attributes of the system would be lost`,
      'Log in as root@HOST by a key (PermitRootLogin prohibit-password), or run this as an ordinary user too.',
    );
  return here;
}

// Packages, by the names that most distributions give them.
const farTools: Readonly<Record<string, string>> = {
  find: 'findutils',
  xargs: 'findutils',
  stat: 'coreutils',
  sync: 'coreutils',
  realpath: 'coreutils',
  getfattr: 'attr',
};

/**
 * What a copy takes on the other machine, besides rsync.
 *
 * @throws StepError `far.tool-missing`
 */
export async function requireFarTools({ far }: Side): Promise<void> {
  if (far === undefined) return;
  const asking =
    'for name; do command -v "$name" >&2 || echo "$name"; done; find --version | grep -q GNU || echo find';
  const { stdout } = await far.shell.ask(asking, Object.keys(farTools));
  const missing = [...new Set(stdout.toString().split('\n').filter(Boolean))];
  if (missing.length === 0) return;
  const packages = new Set(missing.map((name) => farTools[name]));
  throw new StepError(
    'far.tool-missing',
    `${missing.join(', ')} of GNU is missing on ${far.access.host}: without it nobody sees all that a copy must keep`,
    `Install there: ${[...packages].join(', ')}.`,
  );
}

/**
 * The rsync that copies, such as `rsync 3.5.0`.
 *
 * @throws StepError `copy.rsync-unable` when it was built without what a faithful copy takes,
 *   `command.missing`
 */
export async function rsyncVersion(host: Host): Promise<string> {
  const { stdout } = await host.exec({ argv: ['rsync', '--version'] });
  const version = /^rsync +version +v?(\d+(?:\.\d+)*)/m.exec(stdout)?.[1] ?? 'of an unknown version';
  const lacks = ['hardlinks', 'symlinks', 'ACLs', 'xattrs', 'xxh128'].filter(
    (ability) =>
      new RegExp(`\\bno ${ability}\\b`).test(stdout) || !new RegExp(`\\b${ability}\\b`).test(stdout),
  );
  if (lacks.length === 0) return `rsync ${version}`;
  throw new StepError(
    'copy.rsync-unable',
    `rsync ${version} was built without ${lacks.join(', ')}`,
    'Install rsync 3.2 or newer, as distributions build it.',
  );
}
