import { copyTree, verifyTree } from 'migrate-runbook/operations';
import type { ServiceParams } from '../params.ts';

/** Which tree is copied where, on the way there as on the way back. */
export interface Copied {
  readonly from: string;
  readonly to: string;
  /** The file that says what was copied. */
  readonly manifest: string;
  readonly exclude?: readonly string[];
  /** Where that is not mounted, the folder beneath would be written to. */
  readonly expectMount?: { readonly point: string; readonly uuid: string };
}

interface Decided {
  readonly params: Pick<ServiceParams, 'laterWrites'>;
}

/** The first copy, which saves time in the pause. */
export function copyAtWork<Context extends Decided>(tree: (context: Context) => Copied) {
  return {
    title: 'Copy while the service is at work',
    use: copyTree,
    with: (context: Context) => ({
      ...tree(context),
      laterWrites: context.params.laterWrites,
      pass: 'warm' as const,
    }),
  };
}

/** The last copy, of what nobody writes to. */
export function copyAtRest<Context extends Decided>(tree: (context: Context) => Copied) {
  return {
    title: 'Copy what changed since',
    use: copyTree,
    with: (context: Context) => ({
      ...tree(context),
      laterWrites: context.params.laterWrites,
      pass: 'final' as const,
    }),
  };
}

/** Compares it with what the last copy has noted of the source. */
export function readEveryByte<Context>(tree: (context: Context) => Copied) {
  return {
    title: 'Read every byte of the copy and compare, with owners and modes',
    use: verifyTree,
    with: (context: Context) => {
      const { to: target, manifest, expectMount } = tree(context);
      return { target, manifest, ...(expectMount === undefined ? {} : { expectMount }) };
    },
  };
}
