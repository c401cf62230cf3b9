import { z } from 'zod';

/** Where a secret lies; the only form in which one is ever pinned, journaled or shown. */
export const secretReference = z
  .string()
  .regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|file:\/.+)$/, {
    error: 'expected env:NAME or file:/absolute/path, never the secret itself',
  })
  .transform((text): SecretReference => {
    const colon = text.indexOf(':');
    return { secret: text.slice(0, colon) as 'env' | 'file', name: text.slice(colon + 1) };
  });

export interface SecretReference {
  readonly secret: 'env' | 'file';
  readonly name: string;
}

/**
 * A parameter that holds a secret. The operator gives a reference (`env:RESTIC_PASSWORD` or
 * `file:/run/secrets/restic`); the value is read at the moment a command needs it, and reaches
 * that command through its environment only.
 */
export function secret(description: string): typeof secretReference {
  return secretReference.meta({ description, secret: true });
}

export function isSecretReference(value: unknown): value is SecretReference {
  // The fields' types are looked at too, since a plan's placeholder seems to have every field.
  return (
    typeof value === 'object' &&
    value !== null &&
    'secret' in value &&
    (value.secret === 'env' || value.secret === 'file') &&
    'name' in value &&
    typeof value.name === 'string'
  );
}
