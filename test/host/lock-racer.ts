// Takes and releases the lock of a folder, over and over, and notes each entering and leaving.
import { appendFileSync } from 'node:fs';
import { acquireLock } from '../../src/host/lock.ts';

const [folder, record, rounds, ending] = process.argv.slice(2) as [string, string, string, string?];
for (let round = 0; round < Number(rounds); round += 1) {
  const lock = await acquireLock(folder, {
    what: 'the race',
    command: `racer ${process.pid}`,
    waitMs: 60_000,
  });
  appendFileSync(record, `enter ${process.pid}\n`);
  await new Promise((resolve) => setImmediate(resolve));
  if (ending === 'die' && round === Number(rounds) - 1) {
    appendFileSync(record, `leave ${process.pid}\n`);
    process.kill(process.pid, 'SIGKILL');
  }
  if (ending === 'stay') {
    console.log('entered');
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  }
  appendFileSync(record, `leave ${process.pid}\n`);
  await lock.release();
}
