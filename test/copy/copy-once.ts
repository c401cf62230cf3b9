/**
 * Makes a final pass and says each line that it sees, so that a test can kill it wherever it likes; or
 * kills itself, with all that it has started, at that line.
 */
import { engines, passOf } from './engines.ts';
import { localMachine } from './local-machine.ts';

const [from = '', to = '', manifest = '', killAt] = process.argv.slice(2);
let lines = 0;
// In the group of this process, so that one signal ends all of it, as a power cut would.
const machine = localMachine({
  alone: killAt === undefined,
  log: (line) => console.log(line),
  onLine: (_, kill) => {
    console.log('line');
    lines += 1;
    if (lines !== Number(killAt)) return;
    kill();
    process.kill(process.pid, 'SIGKILL');
  },
});
const engine = engines.find(({ name }) => name === (process.env['ENGINE'] ?? 'rsync'));
if (engine === undefined) throw new Error('no such engine');
await passOf(engine, 'final', { from, to, manifest }, machine);
console.log('done');
