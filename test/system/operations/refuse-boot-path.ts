// Says whether a tree may be removed as far as a boot is concerned: `allowed`, or the code and the message.
import { mkdtempSync, rmSync } from 'node:fs';
import { planRemoval, fromText } from '../../../src/copy/index.ts';
import { StepError } from '../../../src/errors.ts';
import { thisMachine } from '../../../src/host/this-machine.ts';
import { refuseBootPath } from '../../../src/operations/removal/remove-boot-path.ts';

const [tree, ...keep] = process.argv.slice(2) as [string, ...string[]];
const host = thisMachine();
const folder = mkdtempSync('/tmp/migrate-boot-path-');
const run = { id: 'test', runbook: 'test', startedAt: '2026-01-01T00:00:00Z', folder };
try {
  const plan = planRemoval(tree, new Set(keep.map(fromText)), false);
  await refuseBootPath({ host, run, exec: (command, options) => host.exec(command, options) }, tree, plan);
  console.log('allowed');
} catch (error) {
  if (!(error instanceof StepError)) throw error;
  console.log(`${error.code} ${error.message}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
