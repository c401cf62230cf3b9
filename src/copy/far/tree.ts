import { StepError } from '../../errors.ts';
import { AttributeReader } from '../attributes.ts';
import { bytesOf, type BytePath } from '../byte-path.ts';
import type { Tree } from '../tree.ts';
import { hashFar } from './hash.ts';
import { listFar } from './listing.ts';
import type { FarShell } from './shell.ts';

/** A tree on another machine, on which a copy needs no more than the tools of GNU, getfattr and rsync. */
export interface FarTree extends Tree {
  readonly far: FarShell;
  /** Files that are named as rsync names what it has half written. */
  readonly temporaryFiles: () => Promise<readonly BytePath[]>;
  /** Has the disk hold what was written. */
  readonly sync: () => Promise<void>;
}

// ext2 to ext4, xfs. Others may remember elsewhere what the kernel's cache has forgotten.
const forgetful = new Set(['ef53', '58465342']);

const removing = `
cd -- "$1" || exit 66
exec xargs -0 -r sh -c '
for file; do
  rm -f -- "$file" 2>/dev/null || { chmod u+w -- "\${file%/*}" && rm -f -- "$file"; } || exit 1
done' sh`;

/** @param scratch a folder here for lists of paths, which may be long; the one for temporary files when left out */
export function farTree(far: FarShell, root: string, scratch?: string): FarTree {
  const place = far.place(root);
  const ask = async (program: string, failed: string, input?: Buffer) => {
    const { exitCode, stdout, stderr } = await far.ask(program, [root], input);
    if (exitCode !== 0) throw farCommandFailed(`${failed} ${place}`, stderr);
    return stdout;
  };
  return {
    far,
    root,
    place,
    paths: (options) => listFar(far, root, scratch, options),
    attributes: (signal) =>
      new AttributeReader(place, signal, () =>
        far.start(
          'cd -- "$1" && exec xargs -0 -r getfattr --absolute-names -h -d -m - -e hex --',
          [root],
          signal,
        ),
      ),
    hash: (jobs, options) => hashFar(far.access, root, jobs, options),
    readsDirectly: async () => {
      const { stdout } = await far.ask('command -v fincore >&2 && stat -f -c %t -- "$1"', [root]);
      return forgetful.has(stdout.toString().trim());
    },
    remove: async (paths) => {
      const input = bytesOf(paths.map((path) => `./${path}\0`).join(''));
      if (paths.length > 0) await ask(removing, 'cannot remove files in', input);
    },
    temporaryFiles: async () => {
      const program = `cd -- "$1" && find . -xdev -type f -name '.*.??????' -print0`;
      const found = await ask(program, 'cannot look for half-written files in');
      return found
        .toString('latin1')
        .split('\0')
        .slice(0, -1)
        .map((path) => path.slice(2));
    },
    sync: async () => {
      await ask('sync -f -- "$1"', 'cannot bring to its disk what was written to');
    },
  };
}

export function farCommandFailed(what: string, said: string): StepError {
  const lines = said.trim().split('\n').slice(0, 5);
  return new StepError('far.command-failed', `${what}:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}
