/** Makes a final pass from or to another machine, and says each line of rsync, so that a test can kill it anywhere. */
import { tmpdir } from 'node:os';
import type { FarAccess } from '../../../src/copy/far/access.ts';
import { FarShell } from '../../../src/copy/far/shell.ts';
import { farTree } from '../../../src/copy/far/tree.ts';
import { engines, passOf } from '../../copy/engines.ts';
import { localMachine } from '../../copy/local-machine.ts';

const [from = '', to = '', manifest = '', side = '', given = ''] = process.argv.slice(2);
const access = JSON.parse(given) as FarAccess;
const shell = new FarShell(access);
const [engine] = engines;
if (engine === undefined) throw new Error('no engine');
// In the group of this process, so that one signal ends all of it.
const machine = localMachine({ alone: true, onLine: () => console.log('line') });
const tree = farTree(shell, side === 'from' ? from : to, tmpdir());
await passOf(
  engine,
  'final',
  { from, to, manifest },
  machine,
  side === 'from'
    ? { far: { side: 'from', access }, fromTree: tree }
    : { far: { side: 'to', access }, toTree: tree },
);
console.log('done');
