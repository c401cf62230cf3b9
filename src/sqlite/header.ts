/** The first bytes of every SQLite database; see "The Database Header" in its file format. */
const magic = Buffer.from('SQLite format 3\0', 'latin1');
export const headerBytes = 20;

export function isDatabase(head: Uint8Array): boolean {
  return head.length >= magic.length && magic.equals(head.subarray(0, magic.length));
}

/** Whether it is in WAL mode; the byte says which version of SQLite may read it. */
export function usesWal(head: Uint8Array): boolean {
  return head[19] === 2;
}
