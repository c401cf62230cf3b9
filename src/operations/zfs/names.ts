import { z } from 'zod';

/** Longest name of a dataset or snapshot, in bytes; the NUL at its end counts in ZFS's own limit of 256. */
const longest = 255;
const part = String.raw`[A-Za-z0-9_.:][A-Za-z0-9_.: -]*(?<! )`;
const dataset = new RegExp(`^[A-Za-z][A-Za-z0-9_.:-]*(?:/${part})*$`);
const label = /^[A-Za-z0-9_.:][A-Za-z0-9_.:-]*$/;

/** The name of a dataset, the pool's own included. ZFS allows spaces within it. */
export const datasetName = z
  .string()
  .refine(
    (name) =>
      name.length <= longest && dataset.test(name) && !name.split('/').some((one) => /^\.\.?$/.test(one)),
    { error: 'expected the name of a dataset, such as tank/persist/media' },
  )
  .meta({ expects: 'the name of a dataset' });

/** What follows the @ in a snapshot's name. */
export const snapshotLabel = z.string().refine((name) => name.length < longest && label.test(name), {
  error: 'expected what follows the @ of a snapshot: letters, digits and _ . : -',
});

/** The whole name of a snapshot. */
export const snapshotName = z.string().refine(
  (name) => {
    const [before = '', after, more] = name.split('@');
    return (
      more === undefined && datasetName.safeParse(before).success && snapshotLabel.safeParse(after).success
    );
  },
  { error: 'expected the name of a snapshot, such as tank/persist/media@before' },
);

export const poolName = z
  .string()
  .refine((name) => !name.includes('/') && datasetName.safeParse(name).success, {
    error: 'expected the name of a pool, such as tank',
  });

/** A GUID as ZFS prints it; as text, since it exceeds 2^53. */
export const guidText = z.string().regex(/^\d{1,20}$/, { error: 'expected a GUID: digits alone' });

/** The pool that a dataset or snapshot lies in. */
export function poolOf(name: string): string {
  return /^[^/@#]*/.exec(name)?.[0] ?? name;
}

/** The dataset of a snapshot; a dataset is its own. */
export function datasetOf(name: string): string {
  return /^[^@#]*/.exec(name)?.[0] ?? name;
}

/** The dataset above; undefined for a pool. */
export function parentOf(name: string): string | undefined {
  const at = datasetOf(name).lastIndexOf('/');
  return at < 0 ? undefined : name.slice(0, at);
}
