import { sh, type Finding, type Host } from 'migrate-runbook';

/** One for each file: its device, and its path as the process sees it. A folder that it stands in counts too. */
const openFiles = `for each in /proc/$1/cwd /proc/$1/fd/*; do
  device=$(stat -L -c '%Hd:%Ld' -- "$each" 2>/dev/null) && printf '%s %s\\n' "$device" "$(readlink -- "$each")"
done
true`;

export interface WorkingIn {
  readonly units: readonly string[];
  /** Where the data shall be. */
  readonly folder: string;
  /** All names under which the service may reach its data, the new and the old one. */
  readonly names: readonly string[];
}

/**
 * Which files the processes of units have open: all those of its data must lie on the file system of the folder,
 * whatever name they were opened by. An answer to a question does not tell that, since a service answers from an
 * old or empty folder too.
 */
export async function worksThere(host: Host, { units, folder, names }: WorkingIn): Promise<Finding> {
  const wanted = await host.files.stat(folder);
  if (wanted === undefined) return { verdict: 'FAIL', observed: `there is no ${folder}` };
  const there: string[] = [];
  const elsewhere: string[] = [];
  for (const pid of await processesOf(host, units)) {
    const { stdout } = await host.exec(sh`sh -c ${openFiles} open-files ${pid}`);
    for (const line of stdout.split('\n')) {
      const [device, path] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)];
      if (!names.some((name) => path === name || path.startsWith(`${name}/`))) continue;
      (device === wanted.device ? there : elsewhere).push(path);
    }
  }
  if (elsewhere.length > 0) {
    return {
      verdict: 'FAIL',
      observed: `${units.join(', ')} works in another place than ${folder}: ${some(elsewhere)}`,
    };
  }
  return there.length > 0
    ? { verdict: 'PASS', observed: `${units.join(', ')} works in ${folder}: ${some(there)}` }
    : {
        verdict: 'PARTIAL',
        observed: `${units.join(', ')} has no file of its data open just now, neither in ${folder} nor elsewhere`,
      };
}

/** All processes of their control groups, and at least their main ones. */
async function processesOf(host: Host, units: readonly string[]): Promise<readonly string[]> {
  const pids = new Set<string>();
  for (const unit of units) {
    const { stdout } = await host.exec(sh`systemctl show ${unit} --property=MainPID,ControlGroup`);
    const value = (name: string) =>
      stdout
        .split('\n')
        .find((line) => line.startsWith(`${name}=`))
        ?.slice(name.length + 1) ?? '';
    const group = value('ControlGroup');
    const members =
      group === ''
        ? undefined
        : await host.files.read(`/sys/fs/cgroup${group}/cgroup.procs`).catch(() => undefined);
    for (const pid of [value('MainPID'), ...(members ?? '').split('\n')]) {
      if (/^[1-9]\d*$/.test(pid)) pids.add(pid);
    }
  }
  return [...pids];
}

function some(paths: readonly string[]): string {
  const unique = [...new Set(paths)];
  const shown = unique.slice(0, 3).join(', ');
  return unique.length > 3 ? `${shown} and ${unique.length - 3} more` : shown;
}
