import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation } from '../../runbook/index.ts';
import { postgresAccess } from './access.ts';
import { settings, standing } from './postgres-settings.ts';

/**
 * Proves that a running server works with these settings, as SHOW tells, and that none of them waits for a
 * restart. Only reads.
 *
 * Input: `server`; `settings`, each as SHOW or `pg_settings` writes it.
 * Output: `inForce`, the same settings as the server tells them.
 * @throws StepError `postgres.pending-restart`, `postgres.other-setting`, and those of `postgresQuery`
 */
export const postgresSettingsInForce = operation({
  operation: 'postgres-settings-in-force',
  version: 1,
  reversal: 'readonly',
  input: z.strictObject({ server: postgresAccess, settings }),
  output: z.object({ inForce: z.record(z.string(), z.string()) }),
  idempotent: true,
  describe: 'ask the server for each setting, and whether one waits for a restart',
  run: async ({ host, input }) => {
    const found = await standing(host, input.server, input.settings);
    const pending = [...found].filter(([, { pending }]) => pending).map(([name]) => name);
    if (pending.length > 0) {
      throw new StepError(
        'postgres.pending-restart',
        `${pending.join(', ')} wait for a restart of the server`,
        'Restart its unit, and run the step again.',
      );
    }
    const other = Object.entries(input.settings).filter(([name, value]) => {
      const now = found.get(name);
      return now?.value !== value && now?.shown !== value;
    });
    if (other.length > 0) {
      throw new StepError(
        'postgres.other-setting',
        other
          .map(([name, value]) => `${name} is ${found.get(name)?.shown ?? 'unknown'} and not ${value}`)
          .join('; '),
        'postgresql.auto.conf and the command line win over the configuration file: see pg_settings.sourcefile.',
      );
    }
    return { inForce: Object.fromEntries([...found].map(([name, { shown }]) => [name, shown])) };
  },
});
