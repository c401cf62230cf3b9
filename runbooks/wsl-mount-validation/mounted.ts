import { MigrateError, type Finding, type Host } from 'migrate-runbook';
import { requireMounted } from 'migrate-runbook/operations';
import { storage, type Params } from './params.ts';
import { propertiesOf } from './unit.ts';

/** True when the file system with the UUID is what one sees at the point; otherwise what one sees. */
export async function mountedOr(host: Host, p: Params): Promise<true | string> {
  try {
    const { options, source } = await requireMounted(host, storage(p));
    return options.includes('ro') ? `${p.storageMount} is mounted read-only, from ${source}` : true;
  } catch (thrown) {
    if (thrown instanceof MigrateError && thrown.code.startsWith('mount.')) return thrown.message;
    throw thrown;
  }
}

/** Whether the disk is where it belongs, and who put it there. */
export async function isMounted(host: Host, p: Params): Promise<Finding> {
  const said = await mountedOr(host, p);
  const columns = 'TARGET,SOURCE,FSROOT,FSTYPE,OPTIONS';
  const argv = ['findmnt', '--noheadings', '--output', columns, '--mountpoint', p.storageMount] as const;
  const { stdout } = await host.exec({ argv }, { anyExit: true });
  const evidence = { uuid: p.storageUuid, findmnt: stdout.trim() };
  if (said !== true) return { verdict: 'FAIL', observed: said, evidence };
  return { verdict: 'PASS', observed: `${p.storageMount} is the file system ${p.storageUuid}`, evidence };
}

/** The same after a restart: mounted again, and by a unit that says so. */
export async function isMountedAgain(host: Host, p: Params): Promise<Finding> {
  const finding = await isMounted(host, p);
  if (finding.verdict !== 'PASS') return finding;
  const { ActiveState, Result } = await propertiesOf(host, p.mountUnit);
  if (Result === 'success' && ActiveState !== 'failed') {
    return { ...finding, observed: `${finding.observed} again, and ${p.mountUnit} ended with ${Result}` };
  }
  return {
    ...finding,
    verdict: 'PARTIAL',
    observed: `${finding.observed} again, but ${p.mountUnit} is ${ActiveState} (${Result}): somebody else mounted it`,
  };
}
