import { fragment } from 'migrate-runbook';
import { copyTree, verifyTree } from 'migrate-runbook/operations';
import { params, type Params } from './params.ts';

/** A tree that is backed up, and what becomes of it later. */
export interface Tree {
  readonly name: string;
  readonly from: (p: Params) => string;
  /** Where it is restored to; a tree without it has no restore of its own, and says why in its check. */
  readonly to?: (p: Params) => string;
  /** Left out, relative to it. */
  readonly exclude?: (p: Params) => readonly string[];
  readonly when?: (p: Params) => boolean;
  readonly restoreWhen?: (p: Params) => boolean;
}

const inBackup = (p: Params, { name }: Tree) => `${p.backup}/${name}`;
export const manifestsOf = (p: Params) => `${p.backup}/manifests`;
export const scratchOf = (p: Params) => `${p.backup}/restore-rehearsed`;
const inScratch = (p: Params, { name }: Tree) => `${scratchOf(p)}/${name}`;
/** With the backup, which survives the machine: and never within what is copied. */
const manifestOf = (p: Params, { name }: Tree, kind = 'backup') => `${manifestsOf(p)}/${name}-${kind}`;

/** Services' folders by then lie beneath the persistent one, and are bound to their places: they are a tree of their own. */
export const varLib: Tree = {
  name: 'var-lib',
  from: () => '/var/lib',
  to: (p) => `${p.persist}/var/lib`,
  exclude: (p) => [...p.services.map(({ folder }) => folder.slice('/var/lib/'.length)), 'migrate'],
};
export const services: Tree = {
  name: 'services',
  from: (p) => `${p.persist}/var/lib`,
  to: (p) => `${p.persist}/var/lib`,
};
export const etc: Tree = { name: 'etc', from: () => '/etc' };
export const home: Tree = { name: 'home', from: () => '/home', to: (p) => `${p.persist}/home` };
export const data: Tree = {
  name: 'data',
  from: (p) => p.data ?? '/nonexistent',
  to: (p) => p.data ?? '/nonexistent',
  when: (p) => p.data !== undefined,
  restoreWhen: (p) => p.data !== undefined && p.restoreData,
};

/** Copies a tree at rest to the backup, and reads the copy. */
export function backedUp(tree: Tree) {
  const when = ({ params: p }: { readonly params: Params }) => tree.when?.(p) ?? true;
  return fragment({ params })
    .step('copy', {
      title: `Back up ${tree.name}`,
      when,
      use: copyTree,
      with: ({ params: p }) => ({
        from: tree.from(p),
        to: inBackup(p, tree),
        pass: 'final' as const,
        manifest: manifestOf(p, tree),
        ...(tree.exclude === undefined ? {} : { exclude: [...tree.exclude(p)] }),
      }),
    })
    .step('verify', {
      title: `Read the backup of ${tree.name}`,
      needs: ['copy'],
      when,
      use: verifyTree,
      with: ({ params: p }) => ({ target: inBackup(p, tree), manifest: manifestOf(p, tree) }),
    });
}

/**
 * Restores a tree into a scratch place, and compares it with the backup, which was compared with its source: both by
 * every byte.
 */
export function restoreRehearsed(tree: Tree) {
  const when = ({ params: p }: { readonly params: Params }) => tree.when?.(p) ?? true;
  return fragment({ params })
    .step('copy', {
      title: `Restore ${tree.name} into a scratch place`,
      when,
      use: copyTree,
      with: ({ params: p }) => ({
        from: inBackup(p, tree),
        to: inScratch(p, tree),
        pass: 'final' as const,
        manifest: manifestOf(p, tree, 'scratch'),
        laterWrites: 'drop' as const,
      }),
    })
    .step('compare', {
      title: `Compare ${tree.name} with what was backed up`,
      needs: ['copy'],
      when,
      use: verifyTree,
      with: ({ params: p }) => ({ target: inScratch(p, tree), manifest: manifestOf(p, tree, 'scratch') }),
    });
}

/** Restores a tree to where it persists, once the machine is installed anew. */
export function restored(tree: Tree) {
  const when = ({ params: p }: { readonly params: Params }) => (tree.restoreWhen ?? tree.when)?.(p) ?? true;
  const to = (p: Params) => tree.to?.(p) ?? inScratch(p, tree);
  const manifest = (p: Params) => manifestOf(p, tree, 'restored');
  return fragment({ params })
    .step('copy', {
      title: `Restore ${tree.name}`,
      when,
      use: copyTree,
      with: ({ params: p }) => ({
        from: inBackup(p, tree),
        to: to(p),
        pass: 'final' as const,
        manifest: manifest(p),
        // What the new system has made there meanwhile is empty; the backup is what counts.
        into: 'existing' as const,
        ...(tree.exclude === undefined ? {} : { exclude: [...tree.exclude(p)] }),
      }),
    })
    .step('verify', {
      title: `Read ${tree.name} as it was restored`,
      needs: ['copy'],
      when,
      use: verifyTree,
      with: ({ params: p }) => ({ target: to(p), manifest: manifest(p) }),
    });
}
