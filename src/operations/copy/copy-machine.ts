import type { CopyMachine } from '../../copy/index.ts';
import type { ActContext, ReadContext } from '../../runbook/index.ts';

/** What copying needs, out of an act's context. */
export function actMachine(context: ActContext, guard: () => Promise<void>): CopyMachine {
  const { exec, progress, log, signal, host } = context;
  return {
    run: async (argv, { env, onLine, signal: own } = {}) =>
      exec(
        { argv, ...(env === undefined ? {} : { env }) },
        {
          anyExit: true,
          ...(own === undefined ? {} : { signal: own }),
          ...(onLine === undefined
            ? {}
            : {
                quiet: true,
                onLine: (line: string, stream: 'stdout' | 'stderr') => {
                  if (stream === 'stdout') onLine(line);
                },
              }),
        },
      ),
    // Many times a minute, and it changes no content: too little for the journal.
    flush: (folder, own) => host.exec({ argv: ['sync', '-f', folder] }, { signal: own }),
    guard,
    progress,
    log,
    signal,
    now: () => performance.now(),
    date: () => new Date(host.clock.now().wall).toISOString(),
  };
}

/** What a dry run needs, out of what may only read. */
export function readMachine({
  host,
  signal,
}: Pick<ReadContext, 'host' | 'signal'>): Pick<CopyMachine, 'run' | 'signal' | 'now'> {
  return {
    signal,
    now: () => performance.now(),
    run: (argv, { env, onLine } = {}) =>
      host.exec(
        { argv, ...(env === undefined ? {} : { env }) },
        {
          anyExit: true,
          onLine: (line, stream) => {
            if (stream === 'stdout') onLine?.(line);
          },
        },
      ),
  };
}
