import { StepError, type Finding, type HealthProbe, type Host } from 'migrate-runbook';
import { requireMounted } from 'migrate-runbook/operations';

interface Where {
  readonly source: string;
  readonly storageMount: string;
  readonly storageUuid: string;
  readonly subfolder: string;
  readonly mountUnit: string;
}

/** @throws StepError `live.*` unless the source is the folder on the SSD, mounted from the right disk */
export async function mustLiveOnStorage(host: Host, where: Where): Promise<void> {
  await requireMounted(host, { point: where.storageMount, uuid: where.storageUuid });
  const folder = `${where.storageMount}/${where.subfolder}`;
  const [source, target] = await Promise.all([host.files.stat(where.source), host.files.stat(folder)]);
  if (
    source === undefined ||
    target === undefined ||
    source.device !== target.device ||
    source.inode !== target.inode
  ) {
    throw new StepError(
      'live.not-mounted',
      `${where.source} is not ${folder}`,
      `See what the mount unit says: journalctl -u ${where.mountUnit} --no-pager -n 50. Go back with migrate rollback.`,
    );
  }
  // The folder was the user's to fill; what the system lives on is root's alone.
  if (target.uid !== 0 || (target.mode & 0o022) !== 0) {
    throw new StepError(
      'live.writable',
      `${folder} may be written by others than root (owner ${target.uid}, mode ${target.mode.toString(8)})`,
      `Give it the owner and the mode that ${where.source} had: chown 0:0 ${folder} && chmod 755 ${folder}`,
    );
  }
}

/** True when healthy, else what is wrong; so for each of these. */
async function mountHealth(host: Host, where: Where): Promise<true | string> {
  try {
    await mustLiveOnStorage(host, where);
    return true;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

async function storageUnitHealth(host: Host, { mountUnit }: Where): Promise<true | string> {
  const { stdout } = await host.exec({
    argv: ['systemctl', 'show', mountUnit, '--property=ActiveState,Result,NeedDaemonReload'],
  });
  const state = Object.fromEntries(stdout.split('\n').map((line) => line.split('=', 2) as [string, string]));
  if (state['Result'] !== 'success') return `${mountUnit}: Result=${state['Result']}`;
  if (state['ActiveState'] !== 'active') return `${mountUnit}: ${state['ActiveState']}`;
  return true;
}

/** The running system is a valid path of the store that is mounted, and can be read. */
async function storeAnswers(host: Host, { source }: Where): Promise<true | string> {
  const system = await host.files.realPath('/run/current-system');
  if (system === undefined) return '/run/current-system leads nowhere';
  const { exitCode, stderr } = await host.exec(
    { argv: ['nix-store', '--check-validity', system] },
    { anyExit: true },
  );
  return exitCode === 0 ? true : `${source} does not know ${system}: ${stderr.trim()}`;
}

export async function storeSoundness(host: Host, source: string): Promise<Finding> {
  const { exitCode, stderr } = await host.exec(
    { argv: ['nix-store', '--verify', '--check-contents'] },
    { anyExit: true },
  );
  if (exitCode === 0) return { verdict: 'PASS', observed: `all of ${source} is as Nix made it` };
  return { verdict: 'FAIL', observed: stderr.trim().split('\n').slice(-5).join('; ') };
}

/** What must hold all through the soak. */
export const healthProbes: readonly HealthProbe<Where, unknown>[] = [
  { name: 'mount', check: ({ host, params }) => mountHealth(host, params) },
  { name: 'unit', check: ({ host, params }) => storageUnitHealth(host, params) },
  { name: 'store', check: ({ host, params }) => storeAnswers(host, params) },
];
