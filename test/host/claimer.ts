// Claims a path for a run, and dies at once.
import { claimResources } from '../../src/host/claims.ts';

const [folder, run, path] = process.argv.slice(2) as [string, string, string];
await claimResources(folder, {
  run,
  runbook: 'move-home',
  stateFolder: folder,
  claims: [{ kind: 'path', path, role: 'source' }],
  since: Date.now(),
  command: 'migrate run',
}).then(
  () => process.kill(process.pid, 'SIGKILL'),
  (error: { code: string }) => {
    console.log(error.code);
    process.exitCode = 4;
  },
);
