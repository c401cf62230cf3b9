// Loaded before `migrate`: ends it right before, or right after, it renames the old copy.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { DIE_AT: at = '', DIE_CUT: disk } = process.env;
const { renameSync } = fs;

function die(): void {
  if (disk !== undefined) execFileSync('xfs_io', ['-x', '-c', 'shutdown', disk]);
  process.kill(process.pid, 'SIGKILL');
}

fs.renameSync = (from, to) => {
  const ours = to.toString().includes('migrate-removed-');
  if (ours && at === 'before the rename') die();
  renameSync(from, to);
  if (ours && at === 'after the rename') die();
};
syncBuiltinESMExports();
