// JavaScript, since on an emulated machine the types take longer to strip than all of it to run.
import { runbook } from 'migrate-runbook';
import { appendToFile, copyTree, verifyTree } from 'migrate-runbook/operations';

const manifest = (run) => `${run.folder}/manifest`;
const copy = (pass) => ({
  use: copyTree,
  with: ({ run }) => ({ from: '/state/from', to: '/state/to', pass, manifest: manifest(run) }),
});
const makes = (file) => ({
  commands: ({ sh }) => [sh`touch ${file}`],
  probe: async ({ host }) => ((await host.files.stat(file)) === undefined ? 'not-started' : 'done'),
  undo: ({ sh }) => [sh`rm -f ${file}`],
});

export default runbook('power-cut', { summary: 'A copy on a machine whose power fails' })
  .step('begin', makes('/state/begun'))
  .step('warm', { needs: ['begin'], ...copy('warm') })
  .step('edit', {
    needs: ['warm'],
    use: appendToFile,
    with: () => ({ path: '/state/config', text: 'moved\n', create: true }),
  })
  .step('final', { needs: ['edit'], ...copy('final') })
  .step('verify', {
    needs: ['final'],
    use: verifyTree,
    with: ({ run }) => ({ target: '/state/to', manifest: manifest(run) }),
  })
  .step('end', { needs: ['verify'], ...makes('/state/ended') });
