import { posix } from 'node:path';
import { z } from 'zod';
import { messageOf, UsageError } from '../errors.ts';
import { readAs } from './read-as.ts';

/** Something that a run holds from its start until it is done, rolled back or aborted. */
export type Claim =
  | {
      readonly kind: 'path';
      /** Absolute. A claim covers everything beneath it. */
      readonly path: string;
      /** `shadowed`: a mount will cover it. `replaced`: its whole file system goes away. */
      readonly role: 'source' | 'target' | 'shadowed' | 'replaced';
    }
  | { readonly kind: 'unit'; readonly unit: string }
  | { readonly kind: 'dataset'; readonly dataset: string };

/** The resource's name; a path without needless slashes, a unit with its suffix. */
export function claimName(claim: Claim): string {
  if (claim.kind === 'path') return posix.normalize(claim.path).replace(/(?<=.)\/$/, '');
  if (claim.kind === 'unit') return claim.unit.includes('.') ? claim.unit : `${claim.unit}.service`;
  return claim.dataset;
}

/** Whether two claims exclude each other: the same thing, or one beneath the other. */
export function claimsCollide(one: Claim, other: Claim): boolean {
  if (one.kind !== other.kind) return false;
  const a = claimName(one);
  const b = claimName(other);
  if (a === b) return true;
  if (one.kind === 'unit') return false;
  const [outer, inner] = a.length < b.length ? [a, b] : [b, a];
  return inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);
}

const role = z.enum(['source', 'target', 'shadowed', 'replaced']);
const absolute = z.string().refine((path) => posix.isAbsolute(path), {
  error: ({ input }) => `${JSON.stringify(input)} is not an absolute path`,
});
const claimsSchema = z.array(
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('path'), path: absolute, role }),
    z.strictObject({ kind: z.literal('unit'), unit: z.string().min(1) }),
    z.strictObject({ kind: z.literal('dataset'), dataset: z.string().min(1) }),
  ]),
);

/**
 * What a runbook claims, checked each time: a claim that is not understood would protect nothing.
 * @throws UsageError `runbook.claims` from the function that it gives
 */
export function checkedClaims<Context>(
  claims: ((context: Context) => readonly Claim[]) | undefined,
): (context: Context) => readonly Claim[] {
  return (context) => {
    const { data, problems } = readAs(claimsSchema, listed(claims, context));
    if (problems === undefined) return data;
    throw new UsageError(
      'runbook.claims',
      `the runbook claims what cannot be claimed: ${problems.join('; ')}`,
      'Where a parameter names it, give another value; else mend `claims` in the runbook. Nothing was changed.',
    );
  };
}

function listed<Context>(
  claims: ((context: Context) => readonly Claim[]) | undefined,
  context: Context,
): unknown {
  try {
    return claims?.(context) ?? [];
  } catch (thrown) {
    throw new UsageError(
      'runbook.claims',
      `what the runbook claims cannot be told: ${messageOf(thrown)}`,
      'Mend `claims` in the runbook. Nothing was changed.',
      thrown,
    );
  }
}
