// Appends to a journal until it is killed, and prints each sequence number once it is acknowledged.
import { writeSync } from 'node:fs';
import { createJournal, openJournal } from '../../src/host/journal-file.ts';

const [path, mode, size = '1'] = process.argv.slice(2) as [string, string, string];
const journal = mode === 'create' ? await createJournal(path) : await openJournal(path);
for (;;) {
  // oxlint-disable-next-line no-await-in-loop -- one after the other, until killed or the disk is full
  const { seq } = await journal.append({ type: 'run.interrupted', by: 'x'.repeat(Number(size)) });
  writeSync(1, `${seq}\n`);
}
