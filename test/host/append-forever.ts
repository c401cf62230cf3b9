// Appends to a journal until it is killed, and prints each sequence number once it is acknowledged.
import { writeSync } from 'node:fs';
import { createJournal, openJournal } from '../../src/host/journal-file.ts';

const [path, mode, size] = process.argv.slice(2) as [string, string, string];
const journal = mode === 'create' ? await createJournal(path) : await openJournal(path);
for (;;) {
  const { seq } = await journal.append({ type: 'run.interrupted', by: 'x'.repeat(Number(size)) });
  writeSync(1, `${seq}\n`);
}
