import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import S3rver from 's3rver';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../../host/folder.ts';
import { noPools, poolMachine } from '../zfs/pool.ts';
import { lostFolder, noRestic, repository, treeOf, writeData } from './lost-service.ts';
import { unitCall } from './unit-call.ts';

const isRoot = process.getuid?.() === 0;
const skip = noRestic !== false || !isRoot;
const kinds = { mustHold: ['config.xml', 'sonarr.db'], sqlite: ['sonarr.db'], limit: '120s' };

/** A service on its own dataset, with an attribute on its very folder, and a replica of it. */
async function onDataset() {
  const machine = await poolMachine({ attributes: true });
  await machine.pool('tank');
  await machine.pool('backup');
  const path = join(machine.folder, 'sonarr');
  const bash = async (script: string) =>
    (await machine.host.exec({ argv: ['bash', '-ec', `set -o pipefail; ${script}`, path] })).stdout;
  await machine.zfs('create', '-o', `mountpoint=${path}`, 'tank/sonarr');
  await bash(
    'cd "$0"; echo "<Config/>" > config.xml; sqlite3 sonarr.db "CREATE TABLE e (id); INSERT INTO e VALUES (1), (2)"; head -c 20M /dev/urandom > large; chown -R 20123:20123 .; chmod 2750 .; setfattr -n user.kept -v yes .; sync',
  );
  await bash('zfs snapshot tank/sonarr@daily; zfs send tank/sonarr@daily | zfs receive -u backup/sonarr');
  const tree = () =>
    bash(
      `cd "$0"; find . -printf '%P %y %m %U %G\\n' | sort; find . -type f -exec sha256sum {} + | sort; getfattr -d .`,
    );
  const place = { service: 'sonarr', dataPath: path, dataset: 'tank/sonarr', ...kinds };
  const left = async () => [
    (await machine.host.files.list(machine.folder))?.filter((name) => name.includes('migrate')),
    (await machine.zfs('list', '-H', '-o', 'name', '-r', 'tank'))
      .trim()
      .split('\n')
      .filter((name) => !name.includes('-lost-')),
  ];
  const lose = () => bash('cd "$0"; find . -mindepth 1 -delete; sync');
  return { machine, path, bash, tree, place, left, lose, nothing: [[], ['tank', 'tank/sonarr']] };
}

test(
  'killed at each mark of a receive from a replica and of its swap, the next boot ends with the same tree',
  { skip: noPools !== false },
  async () => {
    const { machine, tree, place, left, lose, nothing } = await onDataset();
    const before = await tree();
    await lose();
    const params = { ...place, snapshots: false, replica: 'backup/sonarr' };
    const unit = unitCall(params, { enter: machine.enter });
    for (const mark of [/"zfs-send-receive"/, /moves the dataset that is there/])
      expect(await unit.killedAt(mark), String(mark)).toBe(true);
    const last = await unit.call();
    expect(last.code, last.out).toBe(0);
    expect([await tree(), await left(), unit.runs().length]).toEqual([before, nothing, 1]);
  },
);

test(
  'killed at each mark of a restore from restic into a dataset, the next boot ends with the same tree, attributes of its root included',
  { skip: skip || noPools !== false },
  async () => {
    const { machine, path, tree, place, left, lose, nothing } = await onDataset();
    const before = await tree();
    const { access } = repository(machine.folder);
    await machine.host.exec({
      argv: ['restic', 'backup', '--quiet', '--host', 'forge', path],
      env: {
        ...access.env,
        RESTIC_REPOSITORY: access.repository,
        RESTIC_PASSWORD_FILE: access.password.name,
      },
    });
    await lose();
    const params = {
      ...place,
      snapshots: false,
      repository: access.repository,
      password: `file:${access.password.name}`,
      backupHost: 'forge',
    };
    const unit = unitCall(params, { enter: machine.enter });
    for (const mark of [/"argv":\["restic","restore"/, /"argv":\["rsync"/])
      expect(await unit.killedAt(mark), String(mark)).toBe(true);
    const last = await unit.call();
    expect(last.code, last.out).toBe(0);
    expect([await tree(), await left(), unit.runs().length]).toEqual([before, nothing, 1]);
  },
);

test(
  'killed at each mark of a restore from S3, the next boot ends with the same tree',
  { skip },
  async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'bucket'));
    // restic signs parts of what it sends over plain HTTP, which this store does not understand.
    const pem = (name: string) => join(folder, `${name}.pem`);
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const named = ['-subj', '/CN=store', '-addext', 'subjectAltName=IP:127.0.0.1'];
    await promisify(execFile)('openssl', [...made, ...named, '-keyout', pem('key'), '-out', pem('cert')]);
    const store = new S3rver({
      address: '127.0.0.1',
      port: 0,
      silent: true,
      directory: join(folder, 'bucket'),
      key: readFileSync(pem('key')),
      cert: readFileSync(pem('cert')),
      configureBuckets: [{ name: 'backups', configs: [] }],
    });
    const { port } = await store.run();
    onTestFinished(() => store.close().catch(() => undefined));
    const path = join(folder, 'persist', 'sonarr');
    mkdirSync(dirname(path));
    writeData(path);
    const before = treeOf(path);
    const [password, key] = [join(folder, 'password'), join(folder, 'key')];
    writeFileSync(password, 'correct horse');
    writeFileSync(key, 'S3RVER');
    const env = {
      ...process.env,
      RESTIC_REPOSITORY: `s3:https://127.0.0.1:${port}/backups`,
      RESTIC_PASSWORD_FILE: password,
      RESTIC_CACHE_DIR: join(folder, 'cache'),
      SSL_CERT_FILE: pem('cert'),
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER',
    };
    // The store answers in this process, which must not wait for restic.
    const restic = (...args: string[]) => promisify(execFile)('restic', args, { env });
    await restic('init');
    await restic('backup', '--host', 'forge', path);
    await promisify(execFile)('rm', ['-r', path]);
    const params = {
      service: 'sonarr',
      dataPath: path,
      ...kinds,
      s3Repository: env.RESTIC_REPOSITORY,
      s3Password: `file:${password}`,
      s3KeyId: `file:${key}`,
      s3Key: `file:${key}`,
      backupHost: 'forge',
      flag: join(folder, 'missing'),
    };
    const trusting = { SSL_CERT_FILE: pem('cert') };
    const unit = unitCall(params, { env: trusting });
    for (const mark of [/"argv":\["restic","restore"/, /s3: staged/])
      expect(await unit.killedAt(mark), String(mark)).toBe(true);
    const last = await unit.call();
    expect(last.code, last.out).toBe(0);
    expect([treeOf(path), readdirSync(dirname(path)), unit.runs().length]).toEqual([before, ['sonarr'], 1]);
    expect(unit.journal()).not.toContain('S3RVER');
  },
);

test(
  'the time limit ends a restic that hangs with all that it began, and the next boot goes on with what is there',
  { skip },
  async () => {
    const lost = lostFolder();
    const folder = temporaryFolder();
    const pids = join(folder, 'pids');
    // Restores indeed, and then hangs, with a child of its own.
    const hanging = `#!/bin/sh\ntest "$1" = restore || exec /usr/bin/restic "$@"\n/usr/bin/restic "$@" || exit\nsleep 1000 &\necho $$ $! >${pids}\nwait\n`;
    writeFileSync(join(folder, 'restic'), hanging, { mode: 0o755 });
    const params = {
      service: 'sonarr',
      dataPath: lost.path,
      ...kinds,
      repository: lost.access.repository,
      password: `file:${lost.access.password.name}`,
      backupHost: 'forge',
      backupPath: lost.backupPath,
      flag: join(lost.folder, 'missing'),
      limit: '8s',
    };
    const unit = unitCall(params, { path: folder });
    const late = await unit.call();
    expect([late.code, existsSync(lost.path)], late.out).toEqual([1, false]);
    expect(late.out).toContain('longer than its limit of 8 s');
    const alive = (await promisify(execFile)('cat', [pids])).stdout.trim().split(' ').filter(isAlive);
    expect(alive).toEqual([]);
    // What it restored is kept, in the one staging.
    expect(readdirSync(dirname(lost.path))).toEqual([expect.stringMatching(/^\.sonarr\.migrate-restic-/)]);
    await promisify(execFile)('rm', [join(folder, 'restic')]);
    const last = await unit.call();
    expect(last.code, last.out).toBe(0);
    expect([treeOf(lost.path), readdirSync(dirname(lost.path)), unit.runs().length]).toEqual([
      lost.tree,
      ['sonarr'],
      1,
    ]);
  },
);

/** A zombie is none. */
function isAlive(pid: string): boolean {
  return existsSync(`/proc/${pid}/exe`) && existsSync(`/proc/${pid}/cwd/.`);
}
