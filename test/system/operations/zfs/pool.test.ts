import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noPools, poolMachine } from './pool.ts';

const skip = noPools !== false;

test(
  'a machine with ZFS has pools of its own, which nobody outside sees, and which outlive a power cut',
  { skip },
  async () => {
    const machine = await poolMachine();
    await machine.pool('tank');
    const point = join(machine.folder, 'data');
    await machine.zfs('create', '-o', `mountpoint=${point}`, 'tank/data');
    const note = join(point, 'note');
    await machine.host.files.replace(note, 'kept');
    expect(existsSync(note)).toBe(false);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(point);
    const [program, ...args] = machine.enter();
    expect(spawnSync(program, [...args, 'cat', note], { encoding: 'utf8' }).stdout).toBe('kept');

    await machine.zfs('snapshot', 'tank/data@on-disk');
    await machine.cut();
    await machine.boot();
    expect(await machine.host.files.read(note)).toBe('kept');
    await expect(machine.zfs('get', 'all', 'tank/nothing')).rejects.toMatchObject({ code: 'command.failed' });
  },
);
