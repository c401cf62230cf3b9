import { runbook } from 'migrate-runbook';
import { judgeContention, judgeStores, nixAtOnce } from './wsl-multi-instance/at-once.ts';
import { subfolders } from './wsl-multi-instance/configuration.ts';
import { instanceFolders } from './wsl-multi-instance/folders.ts';
import { unregistered } from './wsl-multi-instance/instances.ts';
import { crossLook, judgeSeen, judgeWritten } from './wsl-multi-instance/isolation.ts';
import { folderOf, params, storage } from './wsl-multi-instance/params.ts';
import { judgeQuota, quotaTrial } from './wsl-multi-instance/quota.ts';
import { rehearsal } from './wsl-multi-instance/rehearsal.ts';
import { requireMount } from 'migrate-runbook/operations';

const onFailure = 'continue' as const;

export default runbook('wsl-multi-instance', {
  summary: 'Prove that several NixOS-WSL instances live on one SSD without touching each other',
  params,
  tools: ['findmnt', 'blkid', 'setpriv'],
  root: true,
  claims: ({ params: p }) =>
    p.instances.map((one) => ({ kind: 'path', path: folderOf(p, one), role: 'target' })),
  rehearsal,
})
  .phase('Instances')
  .check('subfolders', {
    title: 'Each has a folder of its own in its configuration',
    onFailure,
    expect: 'the folder that is meant for it, and no other’s',
    run: ({ host, params: p }) => subfolders(host, p),
  })
  .step('disk', {
    title: 'The right disk is mounted',
    use: requireMount,
    with: ({ params: p }) => ({ ...storage(p), writable: true }),
  })
  .step('folders', {
    title: 'A folder for each, which is root’s alone',
    needs: ['disk'],
    use: instanceFolders,
    with: ({ params: p }) => ({ storage: storage(p), folders: p.instances.map((one) => folderOf(p, one)) }),
  })
  .manual('create', {
    title: 'Every instance is there',
    needs: ['folders'],
    instructions: ({ params: p }) =>
      `make the instances that are missing, from Windows: wsl.exe --import NAME FOLDER nixos.wsl, for ${p.instances.map(({ distribution }) => distribution).join(', ')}. Set ${p.option} in the configuration of each, and rebuild and restart it`,
    probe: async ({ host, params: p }) => {
      const missing = await unregistered(host, p);
      if (typeof missing === 'string') return missing;
      return missing.length === 0 || `Windows does not know ${missing.join(', ')}`;
    },
  })

  .phase('Isolation')
  .step('look', {
    title: 'Write in each, and look from the others',
    needs: ['create'],
    locks: ['disk'],
    use: crossLook,
    with: ({ params: p }) => ({ p }),
  })
  .check('unseen', {
    title: 'None sees what another writes',
    needs: ['look'],
    onFailure,
    expect: 'unseen, in each direction',
    run: ({ outputs }) => judgeSeen(outputs.look),
  })
  .check('unwritable', {
    title: 'None can write to the folder of another',
    needs: ['look'],
    onFailure,
    expect: 'denied to ordinary users, in each direction',
    run: ({ outputs }) => judgeWritten(outputs.look),
  })

  .phase('Quota')
  .step('fill', {
    title: 'Fill a folder that is limited, and one beside it',
    needs: ['look'],
    when: ({ params: p }) => p.quotaMebibytes !== undefined,
    locks: ['disk'],
    use: quotaTrial,
    with: ({ params: p }) => ({ p, mebibytes: p.quotaMebibytes ?? 1 }),
  })
  .check('quota', {
    title: 'A quota stops one and harms no other',
    needs: ['fill'],
    when: ({ params: p }) => p.quotaMebibytes !== undefined,
    onFailure,
    expect: 'the limited one stopped at its limit, the other one not at all',
    run: ({ params: p, outputs }) =>
      outputs.fill === undefined
        ? { verdict: 'BLOCKED', observed: 'it was not tried' }
        : judgeQuota(p.quotaMebibytes ?? 1, outputs.fill),
  })

  .phase('At once')
  .step('at-once', {
    title: 'Nix in each store alone, and in all at once',
    needs: ['look'],
    locks: ['disk'],
    use: nixAtOnce,
    with: ({ params: p }) => ({ p }),
  })
  .check('contention', {
    title: 'How much they hold each other up',
    needs: ['at-once'],
    onFailure,
    expect: 'all come to their end, and none takes longer than the limit allows',
    run: ({ params: p, outputs }) => judgeContention(p.slowdownLimit, outputs['at-once']),
  })
  .check('sound', {
    title: 'The stores afterwards',
    needs: ['at-once'],
    onFailure,
    expect: 'every path of each as Nix made it',
    run: ({ outputs }) => judgeStores(outputs['at-once']),
  });
