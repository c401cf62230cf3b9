import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loopDevicesOf, sweepWorlds } from '../../../src/rehearsal/sweep.ts';
import { buildWorld } from '../../../src/rehearsal/world.ts';

const uuid = '5d1f6c1e-8f0a-4f7a-9b57-0f1d6a3c2b10';
const plan = { disks: [{ name: 'data', mountPoint: '/mnt/data', uuid, megabytes: 32 }] };
const session = join(import.meta.dirname, '..', '..', 'rehearsal', 'world-session.ts');
/** Such as in a clone that lies in /root. */
const mayNobodyRead =
  spawnSync('setpriv', asNobody('-e', `fs.accessSync(${JSON.stringify(session)})`)).status === 0;
if (!mayNobodyRead) console.log('one test is skipped: an ordinary user may not read this checkout');
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('skipped: loop devices and other users need root');

describe.skipIf(!isRoot)('a world with loop devices for disks', () => {
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'worlds-'));
    chmodSync(parent, 0o777);
  });
  afterEach(() => {
    // The world's mounts were never the machine's.
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    const left = [...loopDevicesOf(parent), ...mounts.split('\n').filter((line) => line.includes(parent))];
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
    rmSync(parent, { recursive: true, force: true });
  });

  it('has real disks with their UUID, which keep what a reboot must keep and are gone at the end', async () => {
    const world = await buildWorld(plan, { parent });
    const sh = async (script: string) => {
      const result = await world.run(['sh', '-c', script]);
      return `${result.stdout}${result.stderr}`.trim();
    };
    expect(world.facts.disks).toBe('loop');
    expect(loopDevicesOf(world.folder)).toHaveLength(2);
    expect(await sh('blkid -p -s UUID -o value "$(findmnt -no SOURCE /mnt/data)"')).toBe(uuid);
    expect(await sh('findmnt -no UUID /mnt/data')).toBe(uuid);
    await sh('echo kept > /mnt/data/kept');
    await world.reboot();
    expect(await sh('cat /mnt/data/kept')).toBe('kept');
    expect(await sh('dd if=/dev/zero of=/mnt/data/full bs=1M 2>&1')).toContain('No space left');
    await world.destroy();
    expect(readdirSync(parent)).toEqual([]);
  });

  it('can reach what a mount shadows by a non-recursive bind of its root', async () => {
    await using world = await buildWorld(plan, { parent });
    const result = await world.run([
      'sh',
      '-ec',
      'mkdir -p /nix /u; echo old >/nix/which; echo new >/mnt/data/which; mount --bind /mnt/data /nix;' +
        'mount --bind / /u; cat /nix/which /u/nix/which',
    ]);
    expect(result).toMatchObject({ stdout: 'new\nold\n', stderr: '', exitCode: 0 });
  });

  it('holds no loop device and no data once its supervisor is killed', async () => {
    const holder = spawn(process.execPath, [session, parent, JSON.stringify(plan)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const folder = await new Promise<string>((resolve) => {
      holder.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.trim()));
    });
    expect(loopDevicesOf(folder)).toHaveLength(2);
    const supervisor = execFileSync('pgrep', ['-f', `/supervisor\\.ts ${folder}$`], { encoding: 'utf8' });
    // The last of the chain is the supervisor itself, PID 1 of its namespace.
    process.kill(Number(supervisor.trim().split('\n').at(-1)), 'SIGKILL');
    await vi.waitFor(() => expect(loopDevicesOf(folder)).toEqual([]), { timeout: 60_000 });
    expect(readdirSync(folder).filter((name) => name.endsWith('.img'))).toEqual([]);
    holder.kill('SIGKILL');
    await new Promise((resolve) => {
      holder.once('close', resolve);
    });
    expect(await sweepWorlds(parent)).toEqual([folder]);
  });

  it('leaves its disks behind when it is to be kept', async () => {
    const world = await buildWorld(plan, { parent, keep: true });
    await world.run(['sh', '-c', 'echo kept > /mnt/data/kept']);
    await world.destroy();
    expect(loopDevicesOf(world.folder)).toEqual([]);
    expect(readdirSync(world.folder).filter((name) => name.endsWith('.img'))).toEqual([
      'data.img',
      'old-disk.img',
    ]);
    expect(await sweepWorlds(parent)).toEqual([]);
  });

  it.skipIf(!mayNobodyRead)('can be had by an ordinary user as well, with folders for disks', () => {
    const script = 'id -u; blkid -p -s UUID -o value "$(findmnt -no SOURCE /mnt/data)"; cat /mnt/data/kept';
    const output = execFileSync(
      'setpriv',
      asNobody(session, parent, JSON.stringify(plan), 'echo kept >/mnt/data/kept', 'reboot', script),
      { encoding: 'utf8', cwd: '/' },
    );
    const [, , last = ''] = output.trim().split('\n');
    expect(JSON.parse(last)).toMatchObject({ exitCode: 0, stdout: `0\n${uuid}\nkept\n` });
    expect(readdirSync(parent)).toEqual([]);
  });
});

function asNobody(...args: readonly string[]): string[] {
  return ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, ...args];
}
