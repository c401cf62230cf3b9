import { describe, expect, test } from 'vitest';
import { thisMachine } from '../../../src/host/this-machine.ts';
import { zfsPool, zfsReplicate } from '../../../src/operations/index.ts';
import { holdsOf } from '../../../src/operations/zfs/holds.ts';
import type { Host } from '../../../src/runbook/index.ts';
import { drive } from '../drive.ts';

/** What OpenZFS 2 prints, where the ZFS of the system tests is older: by the beginning of the command. */
function answering(
  answers: Readonly<Record<string, string | { readonly fails: string }>>,
  asked: string[] = [],
): Host {
  return {
    ...thisMachine(),
    exec: async ({ argv }) => {
      const command = argv.join(' ');
      asked.push(command);
      const answer = Object.entries(answers).find(([start]) => command.startsWith(start))?.[1];
      if (answer === undefined) throw new Error(`nobody expects ${command}`);
      if (typeof answer === 'string') return { stdout: answer, stderr: '', exitCode: 0 };
      return { stdout: '', stderr: answer.fails, exitCode: 1 };
    },
  };
}

const pools = {
  'zpool list -H -o name,guid,health,capacity tank': 'tank\t1\tONLINE\t12%\n',
  'zpool list -H -o name,guid,health,capacity backup': 'backup\t2\tONLINE\t12%\n',
};

describe('with OpenZFS 2', () => {
  test.each(['SUSPENDED', 'FAULTED', 'UNAVAIL'])(
    'a pool that is %s is asked nothing further, since that would hang',
    async (health) => {
      const asked: string[] = [];
      const host = answering({ 'zpool list': `tank\t1\t${health}\t-\n` }, asked);
      await expect((await drive(zfsPool, { pool: 'tank' }, { host })).act()).rejects.toMatchObject({
        code: 'zfs.pool-unusable',
        hint: expect.stringContaining('zpool clear tank') as string,
      });
      expect(asked).toEqual(['zpool list -H -o name,guid,health,capacity tank']);
    },
  );

  const receiving = (contents: string) => ({
    ...pools,
    'zfs get -H -p -o name,property,value,source guid tank/a@x': 'tank/a@x\tguid\t291\t-\n',
    'zfs get -H -p -o name,property,value,source mountpoint,canmount backup':
      'backup\tmountpoint\tnone\tlocal\nbackup\tcanmount\ton\tdefault\n',
    'zfs get -H -p -o name,property,value,source guid backup/a': 'backup/a\tguid\t7\t-\n',
    'zfs get -H -p -o name,property,value,source guid,migrate:run backup/a':
      'backup/a\tguid\t7\t-\nbackup/a\tmigrate:run\t-\t-\n',
    'zfs get -H -p -o value receive_resume_token backup': '-\n',
    'zfs get -H -p -o name,property,value,source receive_resume_token backup/a':
      'backup/a\treceive_resume_token\t1-abc\t-\n',
    'zfs send -nvt 1-abc': contents,
    'zfs get -r -d 1': 'backup/a\ttype\tfilesystem\t-\nbackup/a\tguid\t7\t-\nbackup/a\tcreatetxg\t1\t-\n',
    'zfs hold': '',
    'sh -c': { fails: 'cannot receive: interrupted' },
  });

  test('an interrupted receive goes on by its token, and can be interrupted again', async () => {
    const asked: string[] = [];
    const host = answering(receiving('\ttoguid = 0x123\n'), asked);
    const step = await drive(zfsReplicate, { snapshot: 'tank/a@x', to: 'backup/a' }, { host });
    expect(await step.probe()).toBe('partial');
    await expect(step.act()).rejects.toMatchObject({ code: 'zfs.failed' });
    expect(asked.at(-1)).toMatch(/zfs-send-receive backup\/a -s -u zfs send -t 1-abc$/);
    expect(asked.join('\n')).not.toMatch(/receive.* -F/);
  });

  test.each([
    ['of another snapshot', '\ttoguid = 0x999\n'],
    ['whose snapshot was pruned', 'cannot resume send: incremental source no longer exists'],
  ])('a receive %s is left alone, with the way to drop it', async (_, contents) => {
    const host = answering(receiving(contents));
    const step = await drive(zfsReplicate, { snapshot: 'tank/a@x', to: 'backup/a' }, { host });
    await expect(step.act()).rejects.toMatchObject({
      code: 'zfs.other-receive',
      hint: expect.stringContaining('zfs receive -A backup/a') as string,
    });
  });

  test('holds are told by their tags', async () => {
    const host = answering({
      ...pools,
      'zfs get': 'tank/a@x\tuserrefs\t2\t-\n',
      'zfs holds -H tank/a@x':
        'tank/a@x\tkeep\tSun Mar 10 0:24 2024\ntank/a@x\tsyncoid\tSun Mar 10 0:25 2024\n',
    });
    expect(await holdsOf(host, 'tank/a@x')).toEqual(['keep', 'syncoid']);
  });
});
