import type { Host } from '../../runbook/index.ts';
import { outermost } from './undeclared.ts';
import { parentOf } from './places.ts';

/** A service that runs and keeps something. */
export interface StatefulService {
  readonly unit: string;
  /** The user that it runs as; root when its unit names none. */
  readonly user: string;
  /** Folders of `StateDirectory=`. */
  readonly stateDirectories: readonly string[];
  readonly workingDirectory: string | null;
  /** Folders of the files that its processes have open, besides logs and what is generated. */
  readonly openFolders: readonly string[];
}

/** Services that run now, with where their state lies; `undefined` where no systemd answers. */
export async function runningServices(host: Host): Promise<readonly StatefulService[] | undefined> {
  const list = [
    'systemctl',
    'list-units',
    '--type=service',
    '--state=running',
    '--no-legend',
    '--plain',
  ] as const;
  const listed = await host.exec({ argv: list }, { anyExit: true }).catch(() => undefined);
  if (listed?.exitCode !== 0) return undefined;
  const units = listed.stdout.split('\n').flatMap((line) => /^\S+\.service/.exec(line.trim())?.[0] ?? []);
  if (units.length === 0) return [];
  const asked = 'Id,User,StateDirectory,WorkingDirectory,MainPID,ControlGroup';
  const shown = await host.exec({ argv: ['systemctl', 'show', ...units, `--property=${asked}`] });
  const services: StatefulService[] = [];
  for (const block of shown.stdout.split(/\n\n+/)) {
    const one = parseUnit(block);
    if (one !== undefined) services.push(await withOpenFolders(host, one));
  }
  return services.filter(
    ({ stateDirectories, openFolders, workingDirectory }) =>
      stateDirectories.length > 0 || openFolders.length > 0 || workingDirectory !== null,
  );
}

interface ShownUnit extends Omit<StatefulService, 'openFolders'> {
  readonly mainPid: string;
  readonly controlGroup: string;
}

/** What `systemctl show` says of one unit. */
export function parseUnit(block: string): ShownUnit | undefined {
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(block)?.[1] ?? '';
  const unit = value('Id');
  if (unit === '') return undefined;
  const working = value('WorkingDirectory').replace(/^[!-]+/, '');
  return {
    unit,
    user: value('User') || 'root',
    stateDirectories: value('StateDirectory')
      .split(' ')
      .filter(Boolean)
      // `StateDirectory=name:link` names a link to it as well.
      .map((name) => `/var/lib/${name.split(':')[0]}`),
    workingDirectory: working.startsWith('/') && working !== '/' ? working : null,
    mainPid: value('MainPID'),
    controlGroup: value('ControlGroup'),
  };
}

async function withOpenFolders(
  host: Host,
  { mainPid, controlGroup, ...service }: ShownUnit,
): Promise<StatefulService> {
  const group =
    controlGroup === ''
      ? undefined
      : await host.files.read(`/sys/fs/cgroup${controlGroup}/cgroup.procs`).catch(() => undefined);
  const pids = (group ?? mainPid).split('\n').filter((pid) => /^[1-9]\d*$/.test(pid));
  if (pids.length === 0) return { ...service, openFolders: [] };
  const folders = pids.map((pid) => `/proc/${pid}/fd`);
  const { stdout } = await host.exec(
    { argv: ['find', ...folders, '-maxdepth', '1', '-type', 'l', '-printf', '%l\\0'] },
    { anyExit: true },
  );
  return { ...service, openFolders: foldersOfState(stdout.split('\0')) };
}

/** Folders of open files that are state, each without what lies in another of them. */
export function foldersOfState(open: readonly string[]): readonly string[] {
  const files = open.filter(
    (path) => /^\/(var|srv|opt|home|root|etc|mnt|data|persist)\//.test(path) && !generated.test(path),
  );
  return outermost(files.map(parentOf)).toSorted();
}

const generated = /^\/var\/(log|cache|tmp|run)\/| \(deleted\)$/;
