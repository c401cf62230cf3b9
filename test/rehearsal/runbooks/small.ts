import { runbook, z } from 'migrate-runbook';

/** A little of everything that a rehearsal must answer. */
export default runbook('small', {
  summary: 'Moves a folder to another disk in miniature',
  params: z.object({ word: z.string() }),
})
  .step('write', {
    commands: ({ params, sh }) => [
      sh`mkdir -p /srv/old`,
      sh`touch ${`/srv/old/${params.word}`}`,
      sh`sleep 0.2`,
    ],
    idempotent: true,
    undo: ({ sh }) => [sh`rm -rf /srv/old`],
  })
  .confirm('agreed', { needs: ['write'], ask: 'Go on?', input: z.object({ serial: z.string() }) })
  .manual('plugged', { needs: ['agreed'], instructions: 'Plug in the disk.' })
  .step('copy', {
    needs: ['plugged'],
    commands: ({ sh }) => [sh`cp -a /srv/old/. /mnt/data/`, sh`sync -f /mnt/data`],
    idempotent: true,
    undo: ({ sh }) => [sh`find /mnt/data -mindepth 1 -not -name lost+found -delete`],
  })
  .reboot('restart', { needs: ['copy'], instructions: 'Restart the machine.' })
  .soak('settle', {
    needs: ['restart'],
    min: '24h',
    max: '48h',
    probes: [
      { name: 'mounted', check: async ({ host }) => (await host.files.list('/mnt/data')) !== undefined },
    ],
  })
  .step('cleanup', {
    needs: ['settle'],
    irreversible: 'the old folder is gone',
    idempotent: true,
    commands: ({ sh }) => [sh`rm -rf /srv/old`],
  });
