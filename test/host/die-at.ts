// Takes a folder's lock, writes two lines into a journal in it, and frees the lock; killed on the way:
//   die-at.ts FOLDER POINT
import { join } from 'node:path';
import { createJournal } from '../../src/host/journal-file.ts';
import { acquireLock } from '../../src/host/lock.ts';
import { dyingAt } from '../../src/rehearsal/crash.ts';

const [folder, point] = process.argv.slice(2) as [string, string];
const { crashPoint, dieHalfway } = dyingAt(point, join(folder, 'crashed'));
const lock = await acquireLock(folder, {
  ...{ what: 'the folder', command: 'die-at' },
  onStage: (stage) => crashPoint(`${stage}-lock`, undefined),
});
const journal = await createJournal(join(folder, 'journal.jsonl'), { dieHalfway });
await journal.append({ type: 'run.interrupted', by: 'first' });
await journal.append({ type: 'run.interrupted', by: 'second' });
await journal.close();
await lock.release();
