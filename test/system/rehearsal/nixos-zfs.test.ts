import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareSnapshots } from '../../../src/rehearsal/snapshot-difference.ts';
import { beneathMark } from '../../../src/rehearsal/snapshot.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';
import type { RehearsalPlan } from '../../../src/runbook/index.ts';

const flake = '/home/admin/nix-config';
const modules = `${flake}/hosts/_modules/nixos`;
const hostFile = `${flake}/hosts/forge/default.nix`;
const rebuild = (action: string) => `nixos-rebuild ${action} --flake ${flake}#forge`;
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('skipped: worlds with ZFS pools need root');

const datasetsModule = `{ lib, ... }:
{
  options.modules.storage.datasets = {
    enable = lib.mkEnableOption "datasets of services";
    parentDataset = lib.mkOption { type = lib.types.str; default = "rpool/safe/persist"; };
    parentMount = lib.mkOption { type = lib.types.str; default = "/persist"; };
    services = lib.mkOption { type = lib.types.attrsOf lib.types.attrs; default = { }; };
  };
}
`;

/** A world for all tests of a group, and its shell. */
function inWorld(plan: RehearsalPlan, nix: 'auto' | 'fake') {
  let parent: string;
  let world: World | undefined;
  const given = () => {
    if (world === undefined) throw new Error('the world is not built');
    return world;
  };
  beforeAll(async () => {
    parent = mkdtempSync(join(tmpdir(), 'worlds-'));
    world = await buildWorld(plan, { parent, nix });
  });
  afterAll(async () => {
    await world?.destroy();
    const left = readdirSync(parent);
    rmSync(parent, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  });
  const sh = async (script: string, options: { readonly input?: string } = {}) => {
    const result = await given().run(['sh', '-c', script], options);
    return `${result.stdout}${result.stderr}`.trim();
  };
  return { world: given, sh };
}

const answers = (port: number) =>
  `n=0; until curl -fs http://127.0.0.1:${port}/; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep 0.1; done`;
const load = 'write-load --url=http://127.0.0.1:8989/rows --kept=/root/kept';

describe.skipIf(!isRoot)('a world of a NixOS machine with ZFS', () => {
  const { world, sh } = inWorld(
    { nixosZfs: { flake, host: 'forge', services: ['sonarr', 'plex'], seed: 1 } },
    'auto',
  );
  const datasets = () => sh('zfs list -H -o name,mountpoint,mounted,recordsize,compression');
  const survey = () => world().survey(['/persist/var/lib', '/run/user']);
  const atFirst = [
    'rpool\tnone\tno\t128K\toff',
    'rpool/safe\tnone\tno\t128K\toff',
    'rpool/safe/home\t/home\tyes\t128K\toff',
    'rpool/safe/persist\t/persist\tyes\t128K\toff',
    'tank\tnone\tno\t128K\toff',
    'tank/persist\t/persist\tno\t128K\toff',
  ].join('\n');

  it('boots with its pools, its services and a backup repository', async () => {
    expect(await datasets()).toBe(atFirst);
    expect(await sh('systemctl is-system-running; zpool list -H -o name,health')).toBe(
      'running\nrpool\tONLINE\ntank\tONLINE',
    );
    expect(await sh(answers(8989))).toBe('{"status":"OK","rows":200}');
    expect(await sh(answers(32_400))).toBe('{"status":"OK","rows":200}');
    expect(await sh('stat -c %U /proc/$(systemctl show sonarr -p MainPID --value)')).toBe('sonarr');
    expect(await sh('find /persist/var/lib/plex -type f | wc -l')).toMatch(/^30\d$/);
    const backup = `systemctl start restic-backups-sonarr; systemctl show restic-backups-sonarr -p Result,ExecMainStatus
      restic -q -r /mnt/nas/restic -p /etc/restic/nas-primary.password snapshots --json | grep -o '"paths":[^]]*]'`;
    expect(await sh(backup)).toBe('Result=success\nExecMainStatus=0\n"paths":["/persist/var/lib/sonarr"]');
  });

  it('has its pools back after a power cut, and every row that was acknowledged', async () => {
    const writer = world().start(['sh', '-c', load]);
    await sh('until [ "$(wc -l </root/kept)" -gt 30 ]; do sleep 0.05; done');
    await world().reboot('power-cut');
    await writer.result;
    expect(await datasets()).toBe(atFirst);
    await sh(answers(8989));
    expect(await sh(`${load} --missing; echo $?`)).toBe('0');
    expect(await sh('zpool status -x')).toBe('all pools are healthy');
  });

  it('keeps in an orderly reboot also what nobody asked to be written to the disk', async () => {
    await sh('cp -a /persist/var/lib/plex/Cache /persist/copied');
    const before = await world().snapshot(['/persist/copied']);
    await world().reboot();
    expect(
      compareSnapshots(before, await world().snapshot(['/persist/copied']), { anyMounts: true }),
    ).toEqual([]);
    await sh('rm -r /persist/copied');
  });

  it('changes nothing by a dry build, which tells what cannot be built', async () => {
    const before = await survey();
    expect(await sh(rebuild('dry-build'))).toContain('nixos-system-forge-1');
    const broken = `cp ${hostFile} /tmp/kept; echo '{ modules.storage.datasets.enable = true; }' >${hostFile}
      ${rebuild('dry-build')} 2>&1; echo $?; cp -p /tmp/kept ${hostFile}`;
    expect(await sh(broken)).toMatch(/The option `modules\.storage' does not exist\.[^]*\n1$/);
    const except = ['/tmp', '/home/admin/nix-config/hosts/forge'];
    expect(compareSnapshots(before, await survey(), { except })).toEqual([]);
  });

  it('makes no dataset while no service has one, then that one and nothing else, and only once', async () => {
    await sh(`mkdir ${modules}/storage && cat >${modules}/storage/datasets.nix`, { input: datasetsModule });
    await sh(`sed -i 's|./backup.nix|./backup.nix ./storage/datasets.nix|' ${modules}/default.nix
      sed -i 's|modules.backup.enable = true;|&\\n  modules.storage.datasets = { enable = true; parentDataset = "tank/persist"; };|' ${hostFile}`);
    expect(await sh(`${rebuild('switch')} >/dev/null 2>&1; systemctl is-active zfs-service-datasets`)).toBe(
      'active',
    );
    expect(await datasets()).toBe(atFirst);
    const pid = await sh('systemctl show plex -p MainPID');
    const before = await world().snapshot(['/persist', '/sbin', '/mnt']);

    await sh(
      `sed -i 's|config = lib.mkIf cfg.enable {|&\\n    modules.storage.datasets.services.sonarr = { recordsize = "16K"; compression = "gzip"; };|' ${modules}/services/sonarr/default.nix`,
    );
    expect(await sh(`${rebuild('test')} >/dev/null 2>&1; echo $?`)).toBe('0');
    expect(await datasets()).toBe(`${atFirst}\ntank/persist/sonarr\t/persist/sonarr\tyes\t16K\tgzip`);
    expect(await sh('systemctl show plex -p MainPID')).toBe(pid);
    const after = await world().snapshot(['/persist', '/sbin', '/mnt']);
    const except = ['/persist/sonarr', '/persist/var/lib/sonarr', '/persist/var/lib/plex'];
    expect(compareSnapshots(before, after, { except, anyTime: ['/persist'], anyMounts: true })).toEqual([]);
    const guid = await sh('zfs get -H -o value guid tank/persist/sonarr');
    expect(
      await sh(
        `systemctl restart zfs-service-datasets; echo $?; zfs get -H -o value guid tank/persist/sonarr`,
      ),
    ).toBe(`0\n${guid}`);
    // It was only tried: the machine boots the system before it, and the dataset stays.
    await world().reboot();
    expect(await sh('cat /etc/systemd/system/zfs-service-datasets.service')).not.toContain('sonarr.service');
    expect(await datasets()).toContain('tank/persist/sonarr\t/persist/sonarr\tyes');
  });

  it('finds what lies at rest in the folder that a dataset is mounted upon', async () => {
    const file = `${beneathMark}/persist/sonarr/left (of /persist)`;
    const look = async () => (await world().survey(['/persist/var'])).entries;
    expect(Object.keys(await look())).not.toContain(file);
    const beneath = (script: string) =>
      sh(
        `mkdir -p /run/alone; mount --bind /persist /run/alone; ${script}; umount /run/alone; rmdir /run/alone`,
      );
    await beneath('echo x >/run/alone/sonarr/left');
    const entries = await look();
    expect(entries[file]).toMatchObject({ kind: 'file', size: 2 });
    expect(Object.keys(entries)).toContain('/persist/sonarr');
    await beneath('rm /run/alone/sonarr/left');
  });

  it('is the former system again after a rollback, and runs its service where it ran before', async () => {
    const place = () => sh('systemctl show sonarr -p ExecStart | grep -o "/persist[^ ;]*" | head -n 1');
    const before = {
      generation: await sh('readlink /nix/var/nix/profiles/system'),
      init: await sh('readlink /sbin/init'),
    };
    expect(await place()).toBe('/persist/var/lib/sonarr/sonarr.db');
    await sh(`systemctl stop sonarr; rsync -a /persist/var/lib/sonarr/ /persist/sonarr/
      sed -i 's|dataDir = "/persist/var/lib/sonarr"|dataDir = "\${config.modules.storage.datasets.parentMount}/sonarr"|' ${modules}/services/sonarr/default.nix`);
    expect(await sh(`${rebuild('switch')} >/dev/null 2>&1; echo $?`)).toBe('0');
    expect(await place()).toBe('/persist/sonarr/sonarr.db');
    expect(await sh(`${answers(8989)}; ${load} --missing; echo $?`)).toMatch(/"OK".*\n+0$/);
    await sh(rebuild('switch --rollback'));
    expect({
      generation: await sh('readlink /nix/var/nix/profiles/system'),
      init: await sh('readlink /sbin/init'),
    }).toEqual(before);
    expect(await place()).toBe('/persist/var/lib/sonarr/sonarr.db');
    expect(await sh(answers(8989))).toContain('OK');
  });

  it('tells of a unit that fails, of what needs it, and of what its drop-in says', async () => {
    await sh(`mkdir -p /run/systemd/system/plex.service.d
      printf '[Unit]\\nRequires=broken.service\\nAfter=broken.service\\n' >/run/systemd/system/plex.service.d/needs.conf
      printf '[Service]\\nType=oneshot\\nExecStart=/bin/sh -c "echo \\"<3>no such thing\\"; exit 7"\\n' >/run/systemd/system/broken.service
      systemctl daemon-reload`);
    expect(await sh('systemctl restart plex 2>&1; echo $?')).toMatch(
      /A dependency job for plex\.service failed[^]*\n1$/,
    );
    expect(
      await sh('systemctl show broken -p ActiveState,Result,ExecMainStatus; systemctl is-active plex'),
    ).toBe('ActiveState=failed\nResult=exit-code\nExecMainStatus=7\ninactive');
    expect(await sh('journalctl -u broken -p err -o cat')).toMatch(/^no such thing\nFailed to start broken/);
    await sh(
      'rm -r /run/systemd/system/plex.service.d /run/systemd/system/broken.service; systemctl daemon-reload',
    );
    expect(await sh(`systemctl start plex; ${answers(32_400)}`)).toContain('OK');
    await sh('kill -9 $(systemctl show plex -p MainPID --value); sleep 0.3');
    expect(await sh('systemctl show plex -p ActiveState,Result,ExecMainStatus')).toBe(
      'ActiveState=failed\nResult=signal\nExecMainStatus=9',
    );
  });
});

describe.skipIf(!isRoot)('a world of a NixOS machine with ZFS and PostgreSQL', () => {
  const pools = [{ name: 'backup-pool', megabytes: 128 }];
  const { world, sh } = inWorld(
    { nixosZfs: { flake, host: 'forge', services: ['postgresql'], pools, rows: 50, seed: 2 } },
    'fake',
  );
  const sql = (text: string) => sh(`psql -h /run/postgresql -U postgres -d postgres -Atc "${text}"`);

  it('runs a real cluster by its own user, which a power cut does not hurt', async () => {
    expect(await sql('select count(*) from rows')).toBe('50');
    await sql("insert into rows values ('committed', 'x')");
    await world().reboot('power-cut');
    expect(await sql("select text from rows where id = 'committed'")).toBe('x');
    const folder = '/persist/var/lib/postgresql';
    expect(await sh(`stat -c '%U %a' ${folder}; ls ${folder} | grep pg_wal`)).toBe('postgres 700\npg_wal');
    await sh('systemctl stop postgresql');
    const state = `/usr/lib/postgresql/*/bin/pg_controldata ${folder} | grep 'cluster state'`;
    expect(await sh(state)).toMatch(/shut down$/);
  });

  it('takes its settings from the configuration', async () => {
    await sh(
      `sed -i 's|services.postgresql.enable = true;|&\\n  services.postgresql.settings = { wal_level = "replica"; archive_mode = "on"; archive_command = "true"; max_wal_senders = 3; };|' ${hostFile}`,
    );
    expect(await sh(`${rebuild('switch')} >/dev/null 2>&1; echo $?`)).toBe('0');
    expect(await sql('show archive_mode')).toBe('on');
  });

  it('replicates by sanoid and syncoid, as the configuration says', async () => {
    const replication = `{ lib, ... }: {
      options.modules.replication.zfs = {
        enable = lib.mkEnableOption "replication";
        sanoid = lib.mkOption { default = { }; };
        syncoid = lib.mkOption { default = { }; };
      };
      config.modules.replication.zfs = {
        enable = true;
        sanoid.datasets."rpool/safe/persist" = { useTemplate = [ "production" ]; recursive = true; };
        syncoid = { enable = true; destination = "backup-pool/replica"; datasets = [ "rpool/safe/persist" ]; };
      };
    }`;
    await sh(
      `cat >${modules}/replication.nix; sed -i 's|./backup.nix|./backup.nix ./replication.nix|' ${modules}/default.nix`,
      {
        input: replication,
      },
    );
    expect(await sh(`${rebuild('switch')} >/dev/null 2>&1; echo $?`)).toBe('0');
    expect(await sh('systemctl list-timers --no-legend')).toContain('syncoid-rpool-safe-persist.timer');
    await sh('systemctl start sanoid syncoid-rpool-safe-persist');
    const taken = await sh('zfs list -H -t snapshot -o name -r rpool/safe/persist | grep autosnap.*hourly');
    expect(taken).toMatch(/^rpool\/safe\/persist@autosnap_/);
    expect(await sh('zfs list -H -t snapshot -o name -r backup-pool')).toContain(
      taken.replace('rpool/safe/persist', 'backup-pool/replica'),
    );
  });
});

describe('a world with ZFS on a host that cannot hold one', () => {
  it('is refused before anything of it is built, with the reason', async () => {
    const plan: RehearsalPlan = { nixosZfs: { flake, host: 'forge', seed: 1 } };
    const parent = mkdtempSync(join(tmpdir(), 'worlds-'));
    await expect(buildWorld(plan, { parent, disks: 'folders' })).rejects.toThrow(/which only root can have/);
    expect(readdirSync(parent)).toEqual([]);
    rmSync(parent, { recursive: true });
  });
});
