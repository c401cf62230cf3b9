import { StepError, type Finding, type Host } from 'migrate-runbook';
import { isBound } from './persist-services.ts';
import type { Params } from './params.ts';

/** What the root is mounted from, by the mount table. */
export async function rootMount(host: Host) {
  return (await host.mounts()).findLast(({ point }) => point === '/');
}

/**
 * That the machine runs on a root in memory, and on what persists.
 * @throws StepError `tmpfs.not-root`, `tmpfs.no-persist`
 */
export async function mustRunOnTmpfs(host: Host, p: Params): Promise<void> {
  const root = await rootMount(host);
  if (root?.type !== 'tmpfs') {
    throw new StepError(
      'tmpfs.not-root',
      `the root file system is ${root?.type ?? 'unknown'}, and not in memory`,
      'The machine has booted another system: choose the new one in the boot menu, or install it.',
    );
  }
  if (!(await host.mounts()).some(({ point, type }) => point === p.persist && type === 'ext4')) {
    throw new StepError(
      'tmpfs.no-persist',
      `no ext4 is mounted at ${p.persist}, so what is restored there would be in memory`,
      `Find out why ${p.persistDevice} was not mounted: journalctl -b`,
    );
  }
}

/** The same as a verdict, with size, mode, and each declared folder. */
export async function judgeRunning(host: Host, p: Params): Promise<Finding> {
  const wrong: string[] = [];
  const root = await rootMount(host);
  if (root?.type !== 'tmpfs') wrong.push(`the root is ${root?.type ?? 'unknown'}`);
  const { total } = await host.files.space('/');
  const size = p.rootGigabytes * 1024 ** 3;
  if (root?.type === 'tmpfs' && total !== size) wrong.push(`the root has ${total} bytes, not ${size}`);
  const mode = (await host.files.stat('/'))?.mode;
  if (mode !== 0o755) wrong.push(`its mode is ${mode?.toString(8)}`);
  for (const folder of [...p.services.map((each) => each.folder), ...p.directories]) {
    if ((await host.files.stat(`${p.persist}${folder}`)) === undefined) continue;
    if (!(await isBound(host, p.persist, folder))) wrong.push(`${folder} does not persist`);
  }
  return wrong.length === 0
    ? {
        verdict: 'PASS',
        observed: `a root of ${p.rootGigabytes} GiB in memory, and each declared folder on ${p.persist}`,
      }
    : { verdict: 'FAIL', observed: wrong.join('; ') };
}
