import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serviceOf } from '../../runbooks/services/catalogue.ts';
import { pointEdits } from '../../runbooks/services/configuration.ts';
import { cannotBoot, newMachine, type Machine } from './nspawn.ts';

const obstacle = cannotBoot();
if (obstacle !== undefined) console.log(`a service behind a bind mount: skipped, since ${obstacle}`);

const [source, target] = ['/srv/old', '/srv/sonarr'];
const service = serviceOf({
  service: 'sonarr',
  datasets: [{ properties: {} }],
  data: { kind: 'files' },
});
const [edit] = pointEdits(
  service,
  { source, mount: '/srv', point: 'bind-mount', declare: false },
  {
    parent: 'tank/persist',
    pool: 'tank',
    machine: 'forge',
    datasets: [{ name: 'sonarr', dataset: 'tank/persist/sonarr', mountPoint: target, properties: {} }],
    substituted: [],
  },
);

/** What NixOS makes of a list in that text: a word each. */
function wordsOf(name: string): readonly string[] {
  const list = new RegExp(`${name} = \\[ ([^\\]]*) \\];`).exec(edit?.to ?? '')?.[1] ?? '';
  return [...list.matchAll(/"([^"]*)"/g)].map(([, word = '']) => word);
}

/** As NixOS writes it: fstab, the unit's settings; and a stand-in for ZFS, which mounts, does nothing, or fails. */
const files = {
  '/etc/fstab': `${target} ${source} none ${wordsOf('options').join(',')} 0 0\n`,
  '/etc/systemd/system/sonarr.service': `[Unit]
RequiresMountsFor=${wordsOf('RequiresMountsFor').join(' ')}
${wordsOf('AssertPathIsMountPoint')
  .map((path) => `AssertPathIsMountPoint=${path}\n`)
  .join('')}[Service]
ExecStartPre=touch ${source}/was-here
ExecStart=sleep infinity
`,
  '/etc/systemd/system/zfs-mount.service': `[Unit]
DefaultDependencies=no
Before=local-fs.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=sh -c 'case $(cat /srv/how) in mounts) mount -t tmpfs -o mode=755 dataset ${target} ;; fails) exit 1 ;; esac'
`,
};

let machine: Machine;
const there = (path: string) => join(machine.root, path);
const state = async (unit: string) =>
  (await machine.ask('systemctl', 'show', '--property=ActiveState', '--value', unit)).trim();
const boot = async (how: 'mounts' | 'nothing' | 'fails') => {
  machine.write('/srv/how', how);
  await (booted ? machine.reboot() : machine.boot());
  booted = true;
};
let booted = false;

describe.skipIf(obstacle !== undefined)('a service behind a bind mount, on a booted system', () => {
  beforeAll(() => {
    machine = newMachine();
    for (const [path, content] of Object.entries(files)) machine.write(path, content);
    for (const folder of [source, target]) mkdirSync(there(folder), { recursive: true });
    machine.write('/srv/old/of-the-old-folder', 'beneath');
    machine.write(
      '/etc/systemd/system/multi-user.target.d/wants.conf',
      '[Unit]\nWants=sonarr.service\nAfter=sonarr.service\n',
    );
  });
  afterAll(() => machine.end());

  test('starts at boot on what is mounted, once ZFS has mounted it', async () => {
    await boot('mounts');
    expect(await state('sonarr.service')).toBe('active');
    expect((await machine.ask('ls', target)).trim()).toBe('was-here');
    expect((await machine.ask('ls', source)).trim()).toBe('was-here');
  });

  test.each(['nothing', 'fails'] as const)(
    'does not start in the old or the empty folder when ZFS mounts nothing (%s)',
    async (how) => {
      await boot(how);
      expect(await state('sonarr.service')).not.toBe('active');
      await machine.ask('systemctl', 'start', 'sonarr.service');
      expect(await state('sonarr.service')).not.toBe('active');
      expect([source, target].filter((folder) => existsSync(there(`${folder}/was-here`)))).toEqual([]);
      expect(existsSync(there(`${source}/of-the-old-folder`))).toBe(true);
      // Whoever mounts it gets it going, and no boot is needed.
      machine.write('/srv/how', 'mounts');
      await machine.ask('systemctl', 'restart', 'zfs-mount.service');
      await machine.ask('systemctl', 'start', 'sonarr.service');
      expect(await state('sonarr.service')).toBe('active');
    },
  );
});
