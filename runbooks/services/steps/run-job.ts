import { restartUnits } from 'migrate-runbook/operations';
import type { Service } from '../catalogue.ts';

/** Its backup job, once and to its end. */
export function runJob({ backup }: Pick<Service, 'backup'>) {
  return {
    timeout: '1d' as const,
    use: restartUnits,
    with: () => ({ units: [backup.unit] }),
  };
}
