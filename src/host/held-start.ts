import type { Duplex } from 'node:stream';

/**
 * A command behind a shell that waits for a word on descriptor 3 and then becomes the command, as the same
 * process. Only the program that starts it can say that word: where it dies first, the pipe closes and the
 * command never begins.
 *
 * @param file the path of the program, absolute
 */
export function held(
  file: string,
  args: readonly string[],
): readonly [file: string, args: readonly string[]] {
  return ['/bin/sh', ['-c', 'read -r go <&3 && exec "$@" 3<&-', 'sh', file, ...args]];
}

/** Lets a held command begin; what has ended meanwhile is of no interest. */
export function letGo(pipe: Duplex): void {
  pipe.on('error', () => {});
  pipe.end('go\n');
}
