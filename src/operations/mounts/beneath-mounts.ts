import { StepError } from '../../errors.ts';
import type { ActContext } from '../../runbook/index.ts';

// Longer than any look at it takes; it is ended when the look is over, and ends by itself after a kill.
const holdSeconds = '3600';

/**
 * Looks at the root file system as it is before anything is mounted on it, which is what the boot sees.
 * A process holds a mount namespace of its own for as long as the look takes, with a bind mount of `/`
 * that is not recursive: nobody else sees it, and nothing is left behind, whenever it ends.
 *
 * @param look is given the folder under which the root file system stands; resolve symlinks in it by hand
 * @throws StepError `beneath.cannot-look` when such a mount may not be made
 */
export async function beneathMounts<Value>(
  { exec, run }: Pick<ActContext, 'exec' | 'run'>,
  look: (root: string) => Promise<Value>,
): Promise<Value> {
  const over = new AbortController();
  const ready = Promise.withResolvers<string>();
  // The folder goes to the shell as an argument, and is never read by it.
  const script = `mount --bind / "$1" && echo $$ && exec sleep ${holdSeconds}`;
  const holding = exec(
    {
      argv: ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'beneath', run.folder],
    },
    {
      anyExit: true,
      signal: over.signal,
      onLine: (line, stream) => {
        if (stream === 'stdout') ready.resolve(line.trim());
      },
    },
  ).then(
    ({ stderr, exitCode }) => {
      throw cannotLook(stderr.trim() || `it ended with ${exitCode}`);
    },
    (thrown: unknown) => {
      // It was ended because the look is over; anything else, such as a journal that cannot be written, counts.
      if (!over.signal.aborted || !(thrown instanceof StepError)) throw thrown;
    },
  );
  try {
    const pid = await Promise.race([ready.promise, holding]);
    return await look(`/proc/${pid ?? ''}/root${run.folder}`);
  } finally {
    over.abort();
    await holding;
  }
}

function cannotLook(why: string): StepError {
  return new StepError(
    'beneath.cannot-look',
    `what lies beneath the mounts cannot be seen: ${why.split('\n')[0]}`,
    'Run this as root, where mounts may be made (in a container: with CAP_SYS_ADMIN).',
  );
}
