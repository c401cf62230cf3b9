import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareSnapshots } from '../../src/rehearsal/snapshot-difference.ts';
import { buildWorld, type World } from '../../src/rehearsal/world.ts';

const uuid = '5d1f6c1e-8f0a-4f7a-9b57-0f1d6a3c2b10';
const plan = {
  disks: [{ name: 'data', mountPoint: '/mnt/data', uuid, megabytes: 32 }],
  files: { '/srv/notes/first.txt': 'one\n', '/srv/empty': null },
};

describe('a plain world with folders for disks', () => {
  let world: World;
  beforeAll(async () => {
    world = await buildWorld(plan, { disks: 'folders' });
  });
  afterAll(async () => {
    await world.destroy();
  });

  const sh = async (script: string, options = {}) => {
    const result = await world.run(['sh', '-c', script], options);
    return `${result.stdout}${result.stderr}`.trim();
  };

  it('leaves no folder when it is destroyed', async () => {
    const other = await buildWorld({}, { disks: 'folders' });
    expect(existsSync(other.folder)).toBe(true);
    await other.destroy();
    expect(existsSync(other.folder)).toBe(false);
    await expect(other.run(['true'])).rejects.toThrow(/the world has ended/);
  });

  it('holds the files of its plan, and the host neither sees them nor is seen', async () => {
    // Not of /home and /root, where this checkout itself may lie.
    expect(await sh('cat /srv/notes/first.txt; ls -A /srv/empty /var/log | wc -w')).toBe('one\n2');
    expect(existsSync('/srv/notes')).toBe(false);
    expect(await sh(`ls ${world.folder} 2>&1`)).toContain('No such file');
    expect(await sh('echo x > /usr/bin/new-program')).toMatch(/Read-only|Permission/);
  });

  it('mounts the disks of its plan, each a device of its own whose UUID can be asked', async () => {
    expect(await sh('blkid -p -s UUID -o value "$(findmnt -no SOURCE /mnt/data)"')).toBe(uuid);
    expect(await sh('stat -c %d / /mnt/data | sort -u | wc -l')).toBe('2');
    expect(await sh(`umount /mnt/data && mount UUID=${uuid} /mnt/data && findmnt -no SOURCE /mnt/data`)).toBe(
      '/dev/world-data',
    );
  });

  it('tells the outcome of a program: exit code, signal, both streams, input and environment', async () => {
    expect(
      await world.run(['sh', '-c', 'cat; echo "$WORD" >&2; exit 7'], { input: 'in', env: { WORD: 'w' } }),
    ).toMatchObject({ exitCode: 7, signal: null, stdout: 'in', stderr: 'w\n', rebooted: false });
    const heard: string[] = [];
    await world.run(['echo', 'line'], { onOutput: (text, stream) => heard.push(`${stream}:${text}`) });
    expect(heard.join('')).toBe('stdout:line\n');
  });

  it('kills a program by its run and nothing else', async () => {
    const heard = Promise.withResolvers<void>();
    const running = world.start(['sh', '-c', 'sleep 60 & echo started; wait'], {
      onOutput: () => heard.resolve(),
    });
    await heard.promise;
    expect(await running.kill('SIGKILL')).toBe(true);
    // The sleep holds the pipe, as an orphan does.
    expect(await sh('pgrep -x sleep | wc -l')).toBe('2');
    await world.run(['pkill', '-f', 'sleep 60']);
    expect(await running.result).toMatchObject({ rebooted: false });
  });

  it('loses what a reboot loses, and keeps what lies on its disks', async () => {
    const identity = 'cat /proc/sys/kernel/random/boot_id; cut -d" " -f22 /proc/1/stat';
    await sh(
      'echo kept | tee /mnt/data/kept /root/kept; touch /tmp/lost /run/lost; mkdir -p /x; mount -t tmpfs x /x',
    );
    const before = await sh(identity);
    const heard = Promise.withResolvers<void>();
    const sleeper = world.run(['sh', '-c', 'echo; sleep 600'], { onOutput: () => heard.resolve() });
    await heard.promise;
    await world.reboot();
    const after = await sh(identity);
    expect(await sleeper).toMatchObject({ exitCode: null, rebooted: true });
    expect(before.split('\n').map((line, index) => line === after.split('\n')[index])).toEqual([
      false,
      false,
    ]);
    expect(
      await sh('ls /tmp/lost /run/lost 2>&1 | wc -l; mountpoint /x; cat /mnt/data/kept /root/kept'),
    ).toBe('2\n/x is not a mountpoint\nkept\nkept');
    expect(await sh('ps -eo args | grep -c "[s]leep 600"')).toBe('0');
  });

  it('keeps the boot id when only its distribution is terminated, but has another init', async () => {
    const before = await sh('cat /proc/sys/kernel/random/boot_id; cut -d" " -f22 /proc/1/stat');
    await world.reboot('terminate');
    const after = await sh('cat /proc/sys/kernel/random/boot_id; cut -d" " -f22 /proc/1/stat');
    expect(after.split('\n')[0]).toBe(before.split('\n')[0]);
    expect(after).not.toBe(before);
  });

  it('puts the clock forward without waiting', async () => {
    await world.skipTime(48 * 3_600_000);
    const clock = await sh('cat /.world/clock');
    expect(clock).toMatch(/^skip 172800000$/m);
  });

  it('compares its trees and mounts before and after', async () => {
    await world.run(['sh', '-c', 'ln -s a /srv/link; ln /srv/notes/first.txt /srv/hard']);
    const before = await world.snapshot(['/srv']);
    expect(compareSnapshots(before, await world.snapshot(['/srv']))).toEqual([]);
    await sh(
      'echo two > /srv/notes/second.txt; chmod 600 /srv/hard; ln -sfn b /srv/link; mount -t tmpfs t /srv/empty',
    );
    const difference = compareSnapshots(before, await world.snapshot(['/srv']), {
      anyTime: ['/srv', '/srv/notes'],
    });
    expect(difference.join('\n')).toContain('/srv/notes/second.txt: appeared');
    expect(difference.join('\n')).toContain('/srv/hard: mode was 0644, is 0600');
    expect(difference.join('\n')).toContain('/srv/link: target was a, is b');
    expect(difference.join('\n')).toContain('newly mounted: /srv/empty (tmpfs t)');
    const beneath = await world.snapshot(['/srv/empty'], { beneath: true });
    expect(beneath.mounts).toBeUndefined();
    expect(beneath.entries['/srv/empty']?.mode).toBe(before.entries['/srv/empty']?.mode);
  });

  it('says that the machine no longer boots when its init is gone, and boots again when it is back', async () => {
    await sh('mv /sbin/init /sbin/init.away');
    await expect(world.reboot()).rejects.toThrow(/no longer boots: there is no \/sbin\/init/);
    await expect(world.run(['true'])).rejects.toThrow(/no longer boots/);
    await world.rescue(['mv', '/sbin/init.away', '/sbin/init']);
    await world.reboot();
    expect(await sh('cat /root/kept')).toBe('kept');
  });
});
