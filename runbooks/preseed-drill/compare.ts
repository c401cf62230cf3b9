import type { Finding, Host } from 'migrate-runbook';
import type { Params } from './params.ts';
import { scratchOf } from './scratch.ts';

/** Compares what was restored with the data, by content; a backup may be older, which is told and no failure. */
export async function compareDrill(host: Host, p: Params, run: { readonly id: string }): Promise<Finding> {
  const { path, reference, dataset } = scratchOf(p, run);
  const against = dataset === null ? p.dataPath : reference;
  const argv = ['diff', '--recursive', '--brief', '--no-dereference', '--', against, path] as const;
  const { stdout, stderr, exitCode } = await host.exec({ argv }, { anyExit: true });
  if (exitCode === 0) return { verdict: 'PASS', observed: `every file equals that of ${against}` };
  const lines = stdout.trim().split('\n');
  if (exitCode !== 1) return { verdict: 'FAIL', observed: `it could not be compared: ${stderr.trim()}` };
  const exact = p.source === 'snapshot';
  return {
    verdict: exact ? 'FAIL' : 'PARTIAL',
    observed: `${lines.length} differences, such as: ${lines.slice(0, 3).join('; ')}${
      exact ? '' : ' (what was written since the backup differs)'
    }`,
    evidence: { differences: lines.length },
  };
}
