import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { harmless } from '../../render/harmless.ts';

/**
 * Prints what may be long, as fast as it is read. Bytes go out as they are, but to a terminal without
 * anything that it would obey.
 */
export async function pipeOut(chunks: Iterable<Buffer>): Promise<void> {
  const safe = process.stdout.isTTY ? harmlessly(chunks) : chunks;
  try {
    await pipeline(Readable.from(safe), process.stdout, { end: false });
  } catch (error) {
    // Whoever read it has seen enough.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

function* harmlessly(chunks: Iterable<Buffer>): Generator<string, void> {
  for (const chunk of chunks) yield chunk.toString('utf8').split('\n').map(harmless).join('\n');
}
