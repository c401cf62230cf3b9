/** Makes a final pass and says each line that it sees, so that a test can kill it wherever it likes. */
import { copyPass } from '../../src/copy/copy-pass.ts';
import { identityOf, localMachine } from './local-machine.ts';
import { isRoot } from './sample-tree.ts';

const [from = '', to = '', manifest = ''] = process.argv.slice(2);
// In the group of this process, so that one signal ends all of it, as a power cut would.
const machine = localMachine({
  alone: true,
  log: (line) => console.log(line),
  onLine: () => console.log('line'),
});
const places = { source: identityOf(from), target: identityOf(to) };
await copyPass(
  { from, to, manifest, pass: 'final', owner: 'run', engine: 'rsync', asRoot: isRoot, ...places },
  machine,
);
console.log('done');
