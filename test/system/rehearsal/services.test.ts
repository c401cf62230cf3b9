import { describe, expect, it } from 'vitest';
import { lookAt, obstacle, onStage, type Stage } from './services-stage.ts';

const load = (port: number) => `write-load --url=http://127.0.0.1:${port}/rows --kept=/root/kept`;

/** Writes rows all the time while the work goes on, and gives how many were acknowledged. */
async function underLoad({ world, sh }: Stage, work: () => Promise<void>): Promise<number> {
  const writer = world.start(['sh', '-c', `echo $$ >/run/writer; exec ${load(8989)}`]);
  await sh('until [ "$(wc -l </root/kept)" -gt 20 ]; do sleep 0.05; done');
  await work();
  await sh('kill "$(cat /run/writer)"');
  await writer.result;
  return Number(await sh('wc -l </root/kept'));
}

const missing = ({ sh }: Stage) =>
  sh(
    `n=0; until curl -fs http://127.0.0.1:8989/ >/dev/null; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep 0.1; done; ${load(8989)} --missing; echo $?`,
  );
const place = ({ sh }: Stage) =>
  sh('systemctl show sonarr -p ExecStart | grep -o "/persist[^ ;]*" | head -n 1');

// Two at a time, since each has a world to itself.
describe.skipIf(obstacle !== undefined).concurrent('a service in its world', () => {
  it('moves under write load without losing an acknowledged row, and goes back with what came since', () =>
    onStage('sonarr', async (stage) => {
      const { sh } = stage;
      const before = await lookAt(stage, 'sonarr');
      await underLoad(stage, () => stage.goOnto('let-go'));
      expect(await place(stage)).toBe('/persist/sonarr/sonarr.db');
      expect(await missing(stage)).toBe('0');
      expect(
        await sh('zfs get -H -o value recordsize,compression,com.sun:auto-snapshot tank/persist/sonarr'),
      ).toBe('16K\non\ntrue');
      expect(await sh('stat -c "%U:%G %a" /persist/sonarr /persist/sonarr/sonarr.db')).toBe(
        'sonarr:sonarr 755\nsonarr:sonarr 644',
      );
      await underLoad(stage, () => stage.goBack());
      expect(await place(stage)).toBe('/persist/var/lib/sonarr/sonarr.db');
      expect(await missing(stage)).toBe('0');
      const after = await lookAt(stage, 'sonarr');
      // What carrying back has replaced is kept beside the tree until somebody removes it.
      expect({ ...after, beside: undefined }).toEqual({ ...before, beside: undefined });
    }));

  it('is taken back from the middle to the tree, datasets, units and configuration that were there', () =>
    onStage('sonarr', async (stage) => {
      const before = await lookAt(stage, 'sonarr');
      await stage.goOnto('verify-copy');
      await stage.goBack();
      expect(await lookAt(stage, 'sonarr')).toEqual(before);
    }));

  it('tells each failure clearly, loses nothing by it, and goes on or back', () =>
    onStage('sonarr', async (stage) => {
      const { sh, migrate, run } = stage;
      const before = await lookAt(stage, 'sonarr');
      const refused = async (changes: Parameters<Stage['run']>[0], message: RegExp) => {
        const { exit, text } = await migrate(run(changes));
        expect(text).toMatch(message);
        expect(exit).toBe(1);
        const id = /migrate rollback (sonarr-\S+)/.exec(text)?.[1] ?? '';
        expect((await migrate(['rollback', id, '--yes'])).exit).toBe(0);
      };
      await refused({ substitute: {} }, /does not take compression=lz4[^]*--set 'substitute=/);
      await refused({ password: 'file:/etc/hostname' }, /restic \S+ exited with \d+[^]*wrong password/);
      await sh('zfs create -o recordsize=8K -o mountpoint=/persist/sonarr tank/persist/sonarr');
      await refused({}, /tank\/persist\/sonarr is there with other properties: recordsize is 8192/);
      await sh('zfs destroy tank/persist/sonarr; rmdir /persist/sonarr');
      expect(await lookAt(stage, 'sonarr')).toEqual(before);

      // Reading it fails, for root too.
      const unreadable = '/persist/var/lib/sonarr/unreadable';
      const well = () => sh('curl -fs http://127.0.0.1:8989/');
      const fill = () => sh('findmnt /fill && dd if=/dev/urandom of=/fill/x bs=128K 2>&1 | grep "No space"');
      const empty = () =>
        sh(
          'rm /fill/x; n=0; until [ "$(zfs list -H -p -o avail tank)" -gt 100000000 ]; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep 0.1; done; echo ok',
        );
      await sh('zfs create -o mountpoint=/fill tank/fill');
      expect(await fill()).toContain('No space');
      await refused({}, /"pool" failed: [^]*tank[^]*(full|%)/);
      expect(await empty()).toContain('ok');

      const id =
        /run (sonarr-\S+)/.exec((await migrate([...run({}), '--until', 'identity'])).text)?.[1] ?? '';
      await sh(`touch ${unreadable}; mount --bind /proc/1/mem ${unreadable}`);
      expect(await migrate(['resume', id, '--yes'])).toMatchObject({
        exit: 1,
        text: expect.stringMatching(
          /"backup" failed: restic backup exited with 3[^]*this backup does not count/,
        ),
      });
      await sh(`umount ${unreadable}; rm ${unreadable}`);
      expect((await migrate(['resume', id, '--yes', '--until', 'fits'])).exit).toBe(0);
      expect(await fill()).toContain('No space');
      expect(await migrate(['resume', id, '--yes'])).toMatchObject({
        exit: 1,
        text: expect.stringMatching(/"warm-copy" failed: [^]*(No space left|no room|is full)/),
      });
      expect(await well()).toContain('"rows":200');
      expect(await empty()).toContain('ok');
      await sh('zfs destroy tank/fill; rmdir /fill');
      expect((await migrate(['resume', id, '--yes', '--until', 'release'])).exit).toBe(0);
      const dropIn = (text: string) =>
        sh(`mkdir -p /run/systemd/system/sonarr.service.d
          printf '[Service]\\n${text}\\n' >/run/systemd/system/sonarr.service.d/x.conf; systemctl daemon-reload`);
      await dropIn('ExecStartPre=/bin/false');
      const resume = ['resume', id, '--yes'];
      expect(await migrate(resume)).toMatchObject({
        exit: 1,
        text: expect.stringMatching(/"start" failed: sonarr\.service/),
      });
      const elsewhere = (await sh('systemctl show sonarr -p ExecStart --value'))
        .replace(/^.*argv\[\]=([^;]*) ;.*$/, '$1')
        .replace('8989', '8990');
      await dropIn(`ExecStart=\\nExecStart=${elsewhere}`);
      expect(await migrate(resume)).toMatchObject({
        exit: 1,
        text: expect.stringMatching(/"answers" failed: http:\/\/localhost:8989/),
      });
      await sh('rm -r /run/systemd/system/sonarr.service.d; systemctl daemon-reload');
      expect((await migrate(['rollback', id, '--yes'])).exit).toBe(0);
      const { beside: _, snapshots: __, ...after } = await lookAt(stage, 'sonarr');
      expect(before).toMatchObject(after);
      expect(await sh('curl -fs http://127.0.0.1:8989/')).toContain('"rows":200');
    }));
});
