import { isSecretReference, type Claim } from '../../runbook/index.ts';

/** Parameters by name, those within others with a dot; a secret is where it lies, and never itself. */
export function shownParams(params: unknown): Record<string, string> {
  return Object.fromEntries(flat(params, '').filter(([name]) => name !== ''));
}

function flat(value: unknown, name: string): [string, string][] {
  if (isSecretReference(value)) return [[name, `${value.secret}:${value.name}`]];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return value === undefined ? [] : [[name, typeof value === 'string' ? value : listed(value)]];
  }
  return Object.entries(value).flatMap(([key, item]) => flat(item, name === '' ? key : `${name}.${key}`));
}

function listed(value: unknown): string {
  if (!Array.isArray(value)) return JSON.stringify(value);
  const simple = value.every((item) => typeof item === 'string' || typeof item === 'number');
  // A list may hold secrets, too.
  return simple ? value.join(', ') : JSON.stringify(value, (_, item: unknown) => hidden(item));
}

function hidden(item: unknown): unknown {
  return isSecretReference(item) ? `${item.secret}:${item.name}` : item;
}

export function claimText(claim: Claim): string {
  switch (claim.kind) {
    case 'path':
      return `${claim.path} (${claim.role})`;
    case 'unit':
      return claim.unit;
    case 'dataset':
      return claim.dataset;
  }
}
