import type { Finding, Host } from 'migrate-runbook';
import type { Params } from './params.ts';

const lines = 1_000;
/** systemd's own words: what waits in a circle, what was dropped to cut it, and what could not start without another. */
const circle = /ordering cycle/i;
const dependency = /^Dependency failed for /;

/** What systemd wrote at this boot of an order that it could not keep. */
export async function bootOrder(host: Host, p: Params): Promise<Finding> {
  const asked = ['--boot', '--priority=warning', `--lines=${lines}`, '--no-pager', '--output=cat'];
  const { stdout, stderr, exitCode } = await host.exec({ argv: ['journalctl', ...asked] }, { anyExit: true });
  // With nothing to show, some versions exit with 1.
  if (exitCode !== 0 && stdout.trim() + stderr.trim() !== '' && !/No entries/.test(stdout)) {
    return { verdict: 'BLOCKED', observed: `the journal cannot be read: ${stderr.trim()}; run this as root` };
  }
  return judgeOrder(p, stdout.split('\n'));
}

/** Pure, for tests. A circle is never harmless, since systemd drops any unit of it. */
export function judgeOrder(
  { mountUnit, storageMount }: Pick<Params, 'mountUnit' | 'storageMount'>,
  said: readonly string[],
): Finding {
  const circles = said.filter((line) => circle.test(line));
  const failed = said.filter((line) => dependency.test(line));
  const found = [...circles, ...failed].slice(0, 10);
  const evidence = { found };
  if (circles.length > 0) return { verdict: 'FAIL', observed: circles.slice(0, 3).join('; '), evidence };
  const ours = failed.filter((line) => line.includes(mountUnit) || line.includes(storageMount));
  if (ours.length > 0) return { verdict: 'FAIL', observed: ours.join('; '), evidence };
  if (failed.length > 0) {
    return { verdict: 'PARTIAL', observed: `of other units: ${failed.slice(0, 3).join('; ')}`, evidence };
  }
  return {
    verdict: 'PASS',
    observed: 'no circle of units, and none that failed for want of another',
    evidence,
  };
}
