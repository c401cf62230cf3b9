import { runbook } from 'migrate-runbook';

const makes = (name: string) =>
  ({
    commands: ({ run, sh }) => [sh`touch ${`${run.folder}/${name}`}`],
    probe: async ({ host, run }) =>
      (await host.files.stat(`${run.folder}/${name}`)) === undefined ? 'not-started' : 'done',
    undo: ({ run, sh }) => [sh`rm -f ${`${run.folder}/${name}`}`],
  }) satisfies Parameters<ReturnType<typeof runbook>['step']>[1];

/** A small run: steps that a probe can settle, one that is simply run again, and a gate. */
export default runbook('power-cut', { summary: 'Makes three files' })
  .step('one', makes('one'))
  .step('two', { needs: ['one'], ...makes('two') })
  .confirm('gate', { needs: ['two'], ask: 'On?' })
  .step('three', { needs: ['gate'], ...makes('three') });
