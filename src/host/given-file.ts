import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Bytes. What an operator gives is written by hand; anything larger is another file than was meant. */
const largest = 1024 * 1024;
const chunk = 16 * 1024;

/**
 * The text of a file that an operator named: parameters, an output, a secret. A pipe or a device could keep
 * this waiting for ever, or never end; bytes that are no text would silently become others.
 *
 * @throws Error that says why it cannot be read
 */
export async function readGivenFile(path: string): Promise<string> {
  // Without O_NONBLOCK the opening of a pipe waits for its writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (stat.isDirectory()) throw new Error('it is a folder');
    if (!stat.isFile()) throw new Error('it is a pipe or a device; write what it says into a file first');
    if (stat.size > largest) {
      throw new Error(`it has ${stat.size} bytes, and at most ${largest} are read`);
    }
    const chunks: Buffer[] = [];
    let length = 0;
    // To the end and not to the size: files of /proc and /sys say that they are empty.
    while (length <= largest) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { bytesRead, buffer } = await file.read(Buffer.alloc(chunk), 0, chunk, length);
      if (bytesRead === 0) break;
      chunks.push(buffer.subarray(0, bytesRead));
      length += bytesRead;
    }
    if (length > largest) throw new Error(`it has more than ${largest} bytes`);
    return decode(Buffer.concat(chunks));
  } finally {
    await file.close();
  }
}

function decode(bytes: Uint8Array): string {
  try {
    // A mark of the byte order at the start is no part of the text; it is left out.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    throw new Error(utf16 ? 'it is UTF-16; save it as UTF-8' : 'it is not UTF-8 text');
  }
}
