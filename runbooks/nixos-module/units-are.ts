import type { Finding, Host } from 'migrate-runbook';

/** Units by their load state, which must be that; a unit that is not there has `not-found`. */
export async function unitsAre(
  host: Host,
  units: readonly string[],
  wanted: 'loaded' | 'not-found',
): Promise<Finding> {
  const others: string[] = [];
  for (const unit of units) {
    const argv = ['systemctl', 'show', unit, '--property=LoadState', '--value'] as const;
    const state = (await host.exec({ argv }, { anyExit: true })).stdout.trim();
    if (state !== wanted) others.push(`${unit} is ${state}`);
  }
  const observed = others.length === 0 ? `${units.join(', ')}: ${wanted}` : others.join('; ');
  return { verdict: others.length === 0 ? 'PASS' : 'FAIL', observed };
}
