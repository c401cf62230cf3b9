import { runbook, z } from 'migrate-runbook';

/** Two defects that only a crash shows: what is said to do no harm twice does, and an undo leaves something. */
export default runbook('lies', {
  summary: 'Says that it may be repeated, and may not',
  params: z.object({}),
  rehearsal: { megabytes: 64, files: { '/srv': null } },
})
  .check('room', { expect: 'room', run: () => ({ verdict: 'PASS', observed: 'room' }) })
  .step('append', {
    needs: ['room'],
    idempotent: true,
    commands: ({ sh }) => [sh`sh -c ${'echo line >>/srv/file'}`],
    undo: ({ sh }) => [sh`rm -f /srv/file`],
  })
  .step('make', {
    needs: ['append'],
    idempotent: true,
    commands: ({ sh }) => [sh`mkdir -p /srv/made`, sh`touch -d @7 /srv/made/one`],
    undo: ({ sh }) => [sh`rm -f /srv/made/one`],
  });
