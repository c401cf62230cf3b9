import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { moduleText } from '../../runbooks/preseed/module.ts';
import { params } from '../../runbooks/preseed/params.ts';
import { journalThere, migrateThere, migrateWords, until } from './migrate-there.ts';
import { cannotEvaluate, installModule } from './nixos-units.ts';
import { cannotBoot, newMachine, type Machine } from './nspawn.ts';
import { treeOf } from './worlds.ts';

const restic = '/usr/bin/restic';
const obstacle = cannotBoot() ?? cannotEvaluate ?? (existsSync(restic) ? undefined : `it needs ${restic}`);
if (obstacle !== undefined) console.log(`a preseed before its service: skipped, since ${obstacle}`);

const [data, password, state] = ['/srv/data/sonarr', '/srv/password', '/var/lib/migrate-preseed/sonarr'];
const flag = '/var/lib/migrate-preseed/sonarr.missing';
const [preseed, service, backup] = ['preseed@sonarr', 'sonarr', 'restic-backups-sonarr'];

/** As a service that makes itself a new home where it finds none. */
const serviceUnit = `[Service]
ExecStartPre=sh -c 'mkdir -p ${data}; test -e ${data}/config.xml || echo new >${data}/config.xml'
ExecStart=sleep infinity
[Install]
WantedBy=multi-user.target
`;
const backupUnit = `[Service]
Type=oneshot
ExecStart=sh -c 'echo backed up >>/srv/backups'
`;
/** The real one, which says when it is called, and does not come to its end when a test wants that. */
const tellingRestic = `#!/bin/sh
echo "$1" >>/srv/restic-calls
test "$1" = restore && test -e /srv/slowly && /opt/restic "$@" && exec sleep 600
exec /opt/restic "$@"
`;
/** Written down by the command that tells somebody. */
const tell = '#!/bin/sh\ncat >>/srv/told; echo >>/srv/told\n';

let machine: Machine;
let whole: string;

const there = (path: string) => join(machine.root, path);
const said = (path: string) => (existsSync(there(path)) ? readFileSync(there(path), 'utf8') : '');
const stateOf = async (unit: string) =>
  (await machine.ask('systemctl', 'show', '-P', 'ActiveState', unit)).trim();
const states = async () => [await stateOf(preseed), await stateOf(service)];
const start = async (unit: string) =>
  (await machine.host.exec({ argv: ['systemctl', 'start', unit] }, { anyExit: true })).exitCode;
const types = () => journalThere(machine, 'restore-missing', state).map(({ type }) => type);
const runs = () => (existsSync(there(`${state}/runs`)) ? readdirSync(there(`${state}/runs`)) : []);
const lose = async () => {
  await machine.ask('systemctl', 'stop', service, preseed);
  rmSync(there(data), { recursive: true, force: true });
};
const why = () => machine.ask('journalctl', '--boot', '--no-pager', '--output=cat', `--unit=${preseed}`);

describe.skipIf(obstacle !== undefined)('a preseed before its service', () => {
  beforeAll(async () => {
    machine = newMachine();
    machine.write('/opt/tell', tell);
    machine.write('/opt/system/sw/bin/restic', tellingRestic);
    copyFileSync(restic, there('/opt/restic'));
    machine.write('/etc/tmpfiles.d/system.conf', 'L+ /run/current-system - - - - /opt/system\n');
    machine.write(`/etc/systemd/system/${service}.service`, serviceUnit);
    machine.write(`/etc/systemd/system/${backup}.service`, backupUnit);
    machine.write(password, 'correct horse');
    mkdirSync(there(`${data}/logs`), { recursive: true });
    writeFileSync(there(`${data}/config.xml`), '<Config/>');
    for (let number = 0; number < 40; number += 1)
      writeFileSync(there(`${data}/logs/${number}`), randomBytes(50_000));
    whole = treeOf(machine, data);
    await machine.boot();
    await machine.ask('chmod', '+x', '/opt/tell', '/opt/system/sw/bin/restic');
    await migrateThere(machine, 'config', 'set', 'notify', '/opt/tell');
    const repository = [
      'env',
      'RESTIC_REPOSITORY=/srv/repository',
      `RESTIC_PASSWORD_FILE=${password}`,
    ] as const;
    await machine.ask(...repository, '/opt/restic', 'init');
    await machine.ask(...repository, '/opt/restic', 'backup', '--host', 'forge', data);
    const given = params.parse({
      service: 'sonarr',
      dataPath: data,
      mustHold: ['config.xml', 'logs'],
      repository: '/srv/repository',
      password: `file:${password}`,
      backupHost: 'forge',
      backupUnits: [`${backup}.service`],
      program: [...migrateWords],
      flake: '/etc/nixos',
    });
    await installModule(machine, moduleText(given));
    await machine.ask('systemctl', 'enable', service);
  });
  afterAll(() => machine.end());
  beforeEach(() => {
    // What an earlier one has come to.
    for (const path of ['/srv/told', '/srv/restic-calls', '/srv/backups', `${state}/runs`])
      rmSync(there(path), { recursive: true, force: true });
  });

  test('lets the service start at once when its data is there: no run begins, and no backup is asked', async () => {
    await machine.reboot();
    expect(await states(), await why()).toEqual(['active', 'active']);
    expect([runs(), said('/srv/restic-calls')]).toEqual([[], '']);
    expect(treeOf(machine, data)).toBe(whole);
    expect(said('/srv/told')).toContain('"low"');
    expect(await start(backup)).toBe(0);
    expect(said('/srv/backups')).toBe('backed up\n');
  });

  test('brings lost data back at a boot before the service starts, which finds it whole', async () => {
    await lose();
    await machine.reboot();
    expect(await states(), await why()).toEqual(['active', 'active']);
    expect(treeOf(machine, data)).toBe(whole);
    expect(types()).toContain('run.completed');
    expect([existsSync(there(flag)), said('/srv/told')]).toEqual([false, expect.stringContaining('restic')]);
  });

  test('keeps the service down and its backups held back when it fails, tells somebody, and goes on when mended', async () => {
    await lose();
    machine.write(password, 'wrong horse');
    await machine.reboot();
    expect(await states()).toEqual(['failed', 'inactive']);
    expect(existsSync(there(data))).toBe(false);
    expect(await why()).toContain('wrong password');
    expect(said(flag)).toContain('sonarr is missing');
    await until('it is told', () => said('/srv/told').includes('"high"'));
    expect([await start(backup), await start(service)]).not.toContain(0);
    // The flag by itself, for who starts them otherwise.
    await machine.ask('systemctl', 'start', '--job-mode=ignore-dependencies', backup);
    expect(said('/srv/backups')).toBe('');
    expect((await machine.ask('systemctl', 'show', '-P', 'ConditionResult', backup)).trim()).toBe('no');

    machine.write(password, 'correct horse');
    expect(await start(preseed), await why()).toBe(0);
    expect(await start(service)).toBe(0);
    expect(runs()).toHaveLength(1);
    expect(treeOf(machine, data)).toBe(whole);
    expect([existsSync(there(flag)), await start(backup)]).toEqual([false, 0]);
  });

  test('goes on at the next boot when the power is cut in the middle of a restore', async () => {
    await lose();
    machine.write('/srv/slowly', '');
    await machine.ask('systemctl', 'start', '--no-block', service);
    const restored = async () =>
      (await machine.ask('find', '/srv/data', '-path', '*/logs/*', '-size', '+0')).split('\n').length - 1;
    await until('some files are back', async () => (await restored()) > 3);
    await machine.cut();
    expect([existsSync(there(data)), types().includes('run.completed')]).toEqual([false, false]);
    rmSync(there('/srv/slowly'));
    await machine.boot();
    expect(await states(), await why()).toEqual(['active', 'active']);
    expect(treeOf(machine, data)).toBe(whole);
    expect([runs().length, readdirSync(there('/srv/data'))]).toEqual([1, ['sonarr']]);
  });

  test('waits for a person when it is proven that nothing exists anywhere', async () => {
    await lose();
    await machine.ask('mv', '/srv/repository', '/srv/filled');
    await machine.ask(
      ...(['env', 'RESTIC_REPOSITORY=/srv/repository', `RESTIC_PASSWORD_FILE=${password}`] as const),
      ...(['/opt/restic', 'init'] as const),
    );
    await machine.reboot();
    expect(await states()).toEqual(['failed', 'inactive']);
    expect(existsSync(there(data))).toBe(false);
    expect(await why()).toContain('proven that no backup of sonarr exists');
    expect(existsSync(there(flag))).toBe(true);
    expect(await start(backup)).not.toBe(0);
    const confirmed = await migrateThere(
      machine,
      '--state-dir',
      state,
      'confirm',
      'restore-missing',
      'begin-empty',
    );
    expect(confirmed.exitCode, confirmed.stderr).toBe(0);
    expect(await start(preseed), await why()).toBe(0);
    expect(await start(service)).toBe(0);
    expect(readFileSync(there(`${data}/config.xml`), 'utf8')).toBe('new\n');
    expect([runs().length, existsSync(there(flag))]).toEqual([1, false]);
  });
});
