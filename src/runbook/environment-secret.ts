import { UsageError } from '../errors.ts';
import { isSecretReference } from './secret.ts';

/**
 * Refuses parameters with a secret that lies only in the environment of this process, which is lost at a boot.
 * @param lostAt how it is lost: `at the reboot "restart"`
 * @throws UsageError `params.secret` naming the parameter, the variable and the mend, never the value
 */
export function refuseEnvironmentSecret(params: unknown, lostAt: string): void {
  const found = environmentSecret(params, '');
  if (found === undefined) return;
  const { name, variable } = found;
  throw new UsageError(
    'params.secret',
    `the secret in "${name}" lies only in the environment (${variable}), which is lost ${lostAt}`,
    `Put it into a file that only its owner can read, and give ${name}=file:/path/to/it`,
  );
}

/** The first parameter, by its path, whose secret is a variable of this process. */
function environmentSecret(value: unknown, path: string): { name: string; variable: string } | undefined {
  if (isSecretReference(value)) {
    return value.secret === 'env' ? { name: path, variable: value.name } : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const found = environmentSecret(item, path === '' ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
