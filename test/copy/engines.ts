/** Whatever copies here, each of which must satisfy the comparison of trees. */
import { copyPass } from '../../src/copy/copy-pass.ts';
import type { CopyMachine } from '../../src/copy/machine.ts';
import type { PassOptions, PassResult } from '../../src/copy/pass.ts';
import { identityOf, localMachine } from './local-machine.ts';
import { isRoot } from './sample-tree.ts';

export interface Engine {
  readonly name: string;
  readonly pass: (options: PassOptions, machine: CopyMachine) => Promise<PassResult>;
}

export const engines: readonly Engine[] = [{ name: 'rsync', pass: copyPass }];

export interface Trees {
  readonly from: string;
  readonly to: string;
  readonly manifest: string;
}

/** One pass between two existing folders. */
export function passOf(
  engine: Engine,
  kind: 'warm' | 'final',
  { from, to, manifest }: Trees,
  machine: CopyMachine = localMachine(),
  more: Partial<PassOptions> = {},
): Promise<PassResult> {
  const places = { source: identityOf(from), target: identityOf(to) };
  const options = { from, to, manifest, pass: kind, owner: 'run-1', engine: engine.name, asRoot: isRoot };
  return engine.pass({ ...options, ...places, ...more }, machine);
}
