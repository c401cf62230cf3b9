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

export function claimName(claim: Claim): string {
  if (claim.kind === 'path') return claim.path;
  return claim.kind === 'unit' ? claim.unit : claim.dataset;
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
