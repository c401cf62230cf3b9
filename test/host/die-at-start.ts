/** Starts a command and dies before it may begin. `node die-at-start.ts FILE`: what the command would make. */
import { spawn } from '../../src/host/shell.ts';

const [file = ''] = process.argv.slice(2);
await spawn(
  { argv: ['touch', file] },
  {
    run: 'r',
    onStart: ({ pid }) => {
      process.stdout.write(`${pid}\n`, () => process.kill(process.pid, 'SIGKILL'));
      return new Promise(() => {});
    },
  },
);
