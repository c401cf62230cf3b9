import {
  FarShell,
  farTree,
  identify,
  identifyFar,
  isEmpty,
  isEmptyFar,
  localTree,
  lookOf,
  lookOfFar,
  type FarAccess,
  type FarTree,
  type FolderIdentity,
  type FolderLook,
  type Tree,
} from '../../copy/index.ts';
import type { Host, ReadContext } from '../../runbook/index.ts';
import { farHost } from '../far/far-host.ts';
import { accessOf, isFarPlace, placeText, type AnyPlace } from '../far/far-place.ts';

/** The source or the target of a copy, on whichever machine it is. */
export interface Side {
  /** On its machine. */
  readonly path: string;
  /** For people. */
  readonly place: string;
  readonly host: Host;
  readonly tree: Tree;
  readonly identify: (path?: string) => Promise<FolderIdentity | undefined>;
  readonly isEmpty: () => Promise<boolean>;
  readonly look: () => Promise<FolderLook>;
  readonly far: { readonly access: FarAccess; readonly tree: FarTree; readonly shell: FarShell } | undefined;
}

export interface Sides {
  readonly from: Side;
  readonly to: Side;
}

export function localSide(host: Host, path: string): Side {
  return {
    path,
    place: path,
    host,
    tree: localTree(path),
    identify: (other = path) => Promise.resolve(identify(other)),
    isEmpty: () => Promise.resolve(isEmpty(path)),
    look: () => Promise.resolve(lookOf(path)),
    far: undefined,
  };
}

export type SideContext = Pick<ReadContext, 'host' | 'signal'> & { readonly scratch?: string };

/**
 * Opens a place for as long as the work lasts: one connection, where it is on another machine.
 *
 * @throws StepError `far.*` when it cannot be reached
 */
export async function withSide<T>(
  { host, signal, scratch }: SideContext,
  place: AnyPlace,
  work: (side: Side) => Promise<T>,
): Promise<T> {
  if (!isFarPlace(place)) return work(localSide(host, place));
  const access = accessOf(place);
  const shell = new FarShell(access, signal);
  try {
    const tree = farTree(shell, place.path, scratch);
    return await work({
      path: place.path,
      place: placeText(place),
      host: farHost(shell, host),
      tree,
      identify: (other = place.path) => identifyFar(shell, other),
      isEmpty: () => isEmptyFar(shell, place.path),
      look: () => lookOfFar(shell, place.path),
      far: { access, tree, shell },
    });
  } finally {
    shell.close();
  }
}

export function withSides<T>(
  context: SideContext,
  { from, to }: { readonly from: AnyPlace; readonly to: AnyPlace },
  work: (sides: Sides) => Promise<T>,
): Promise<T> {
  return withSide(context, from, (source) =>
    withSide(context, to, (target) => work({ from: source, to: target })),
  );
}

/** What a pass over ssh is told of its sides. */
export function farOf({ from, to }: Sides) {
  if (from.far !== undefined)
    return { far: { side: 'from', access: from.far.access }, fromTree: from.far.tree } as const;
  return to.far === undefined
    ? {}
    : ({ far: { side: 'to', access: to.far.access }, toTree: to.far.tree } as const);
}
