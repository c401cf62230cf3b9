import { runbook, z } from 'migrate-runbook';
import { appendToFile, copyTree, verifyTree } from 'migrate-runbook/operations';

const disk = { point: '/mnt/data', uuid: '5d1f6c1e-8f0a-4f7a-9b57-0f1d6a3c2b11' };

/** Every kind of step, of reversal, of doubt and of gate, each once, as small as it can be. */
export default runbook('every-kind', {
  summary: 'Moves a folder to another disk, with one step of every kind',
  params: z.object({ folder: z.string().startsWith('/') }),
  rehearsal: {
    params: { folder: '/srv/media' },
    megabytes: 64,
    disks: [{ name: 'data', mountPoint: disk.point, uuid: disk.uuid, megabytes: 32 }],
    files: { '/srv/media/one': 'one\n', '/srv/media/sub/two': 'two\n', '/etc/app.conf': 'old\n' },
    answers: { serial: { text: 'S1' } },
  },
})
  .check('space', {
    expect: 'room',
    run: async ({ host }) => ({
      verdict: (await host.files.space(disk.point)).freeForUsers > 1_000_000 ? 'PASS' : 'FAIL',
      observed: 'enough',
    }),
  })
  .step('measure', {
    needs: ['space'],
    readonly: true,
    output: z.object({ names: z.number() }),
    describe: 'counts the folder',
    run: async ({ host, params }) => ({ names: (await host.files.list(params.folder))?.length ?? 0 }),
  })
  // Its probe tells, and both its act and its undo are data.
  .step('probed', {
    needs: ['measure'],
    capture: () => ({ path: '/srv/marker' }),
    commands: ({ captured, sh }) => [sh`mkdir ${captured.path}`],
    probe: async ({ captured, host }) =>
      (await host.files.stat(captured.path)) === undefined ? 'not-started' : 'done',
    undo: ({ captured, sh }) => [sh`rm -rf ${captured.path}`],
  })
  // No probe, and safe to repeat.
  .step('idempotent', {
    needs: ['probed'],
    idempotent: true,
    commands: ({ sh }) => [
      sh`mkdir -p /srv/twice`,
      sh`touch -d @7 /srv/twice/a`,
      sh`touch -d @7 /srv/twice/b`,
    ],
    undo: ({ sh }) => [sh`rm -f /srv/twice/a /srv/twice/b`, sh`rm -rf /srv/twice`],
  })
  // Nobody but a person can tell.
  .step('blind', {
    needs: ['idempotent'],
    output: z.object({ said: z.string() }),
    commands: ({ sh }) => [sh`cp -p /srv/media/one /srv/blind`],
    result: () => ({ said: 'copied' }),
    undo: ({ sh }) => [sh`rm -f /srv/blind`],
  })
  // Code that changes files, and an undo that restores one.
  .step('edited', {
    needs: ['blind'],
    idempotent: true,
    capture: async ({ host }) => ({
      text: (await host.files.read('/etc/app.conf')) ?? '',
      mtime: (await host.files.stat('/etc/app.conf'))?.mtime ?? '0',
    }),
    describe: 'edits the configuration twice',
    run: async ({ host, captured }) => {
      await host.files.replace('/etc/app.conf', `${captured.text}half\n`);
      await host.files.replace('/etc/app.conf', `${captured.text}half\nwhole\n`);
    },
    undo: ({ captured }) => [{ restore: '/etc/app.conf', content: captured.text, mtime: captured.mtime }],
  })
  // An undo that is code.
  .step('coded', {
    needs: ['edited'],
    idempotent: true,
    describe: 'makes a folder with a file in it',
    run: async ({ host, note }) => {
      await host.files.makeFolder('/srv/coded');
      await note('the folder is there');
      await host.files.replace('/srv/coded/file', 'text\n');
    },
    undo: {
      describe: 'removes both',
      run: async ({ host }) => {
        await host.files.remove('/srv/coded/file');
        await host.files.remove('/srv/coded');
      },
      breakGlass: ({ sh }) => [sh`rm -rf /srv/coded`],
    },
  })
  .step('never', {
    needs: ['coded'],
    when: () => false,
    commands: ({ sh }) => [sh`touch /srv/never`],
    undo: ({ sh }) => [sh`rm -f /srv/never`],
  })
  .step('already', {
    needs: ['never'],
    commands: ({ sh }) => [sh`mkdir /srv/media`],
    probe: async ({ host }) => ((await host.files.stat('/srv/media')) === undefined ? 'not-started' : 'done'),
    undo: ({ sh }) => [sh`rmdir /srv/media`],
  })
  .confirm('agreed', { needs: ['already'], ask: 'Shall it be copied?' })
  .manual('serial', {
    needs: ['agreed'],
    instructions: 'Read the serial number.',
    input: z.object({ text: z.string() }),
  })
  .manual('plugged', { needs: ['serial'], instructions: 'Plug the disk in.', probe: () => true })
  .step('copy', {
    needs: ['plugged'],
    use: copyTree,
    with: ({ params, run }) => ({
      from: params.folder,
      to: `${disk.point}/media`,
      pass: 'final' as const,
      manifest: `${run.folder}/manifest`,
      expectMount: disk,
    }),
  })
  .step('verify', {
    needs: ['copy'],
    use: verifyTree,
    with: ({ run }) => ({ target: `${disk.point}/media`, manifest: `${run.folder}/manifest` }),
  })
  .step('fstab', {
    needs: ['verify'],
    effective: 'at-boot',
    use: appendToFile,
    with: ({ params }) => ({
      path: '/etc/fstab',
      text: `${disk.point}/media ${params.folder} none bind 0 0`,
    }),
  })
  .reboot('restart', {
    needs: ['fstab'],
    instructions: 'Reboot this machine.',
    verify: async ({ host, params }) => {
      const [here, there] = [
        await host.files.stat(params.folder),
        await host.files.stat(`${disk.point}/media`),
      ];
      if (here?.inode !== there?.inode) throw new Error('the folder is not the copy');
    },
  })
  .step('proven', {
    needs: ['restart'],
    idempotent: true,
    commands: ({ params, sh }) => [sh`touch -d @7 ${`${params.folder}/lives-here`}`],
    verify: async ({ host }) => {
      if ((await host.files.stat(`${disk.point}/media/lives-here`)) === undefined)
        throw new Error('not there');
    },
    // Not through the bind mount: a rollback undoes it after the boot that has taken that away.
    undo: ({ sh }) => [sh`rm -f ${`${disk.point}/media/lives-here`}`],
  })
  .check('sound', {
    needs: ['proven'],
    expect: 'it is sound',
    run: () => ({ verdict: 'PASS', observed: 'so' }),
  })
  .soak('settle', {
    needs: ['sound'],
    min: '1h',
    max: '30d',
    maxGap: '45m',
    fresh: ['sound'],
    probes: [
      { name: 'there', check: async ({ host }) => (await host.files.list('/srv/media')) !== undefined },
    ],
  })
  .step('cleanup', {
    needs: ['settle'],
    irreversible: 'the marker is gone',
    commands: ({ sh }) => [sh`rm -rf /srv/marker`],
    probe: async ({ host }) =>
      (await host.files.stat('/srv/marker')) === undefined ? 'done' : 'not-started',
  });
