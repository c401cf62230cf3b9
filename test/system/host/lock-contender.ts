// Lives as long as it is asked things. `try N`: takes the lock of a folder, or says who has it; `free`: lets go.
import { createInterface } from 'node:readline';
import { LockedError } from '../../../src/errors.ts';
import { acquireLock, type Lock } from '../../../src/host/lock.ts';

const [folder = ''] = process.argv.slice(2);
let lock: Lock | undefined;
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'free') {
    await lock?.release();
    lock = undefined;
    console.log('freed');
    continue;
  }
  try {
    lock = await acquireLock(folder, { what: 'the race', command: `contender ${process.pid}` });
    console.log('won');
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    console.log(`refused ${/locked by process (\d+)/.exec(error.message)?.[1]}`);
  }
}
