import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { Machine } from '../../../cli/migrate-process.ts';
import { lostFolder, noRestic, repository, rowsIn, treeOf, writeData } from './lost-service.ts';

const skip = noRestic !== false || process.getuid?.() !== 0;

/** What the unit calls at each boot. */
function unit(lost: ReturnType<typeof lostFolder>, more: readonly string[] = []) {
  const machine = new Machine();
  const params = {
    service: 'sonarr',
    dataPath: lost.path,
    mustHold: ['config.xml', 'sonarr.db'],
    sqlite: ['sonarr.db'],
    repository: lost.access.repository,
    password: `file:${lost.access.password.name}`,
    backupHost: 'forge',
    backupPath: lost.backupPath,
    flag: join(lost.folder, 'sonarr.missing'),
    limit: '20s',
  };
  const file = machine.file('sonarr.json', JSON.stringify(params));
  const words = ['--no-input', 'run', 'restore-missing', '--params', file, '--or-resume', ...more];
  const runs = () =>
    existsSync(join(machine.state, 'runs')) ? readdirSync(join(machine.state, 'runs')) : [];
  return { machine, params, words, call: () => machine.run(...words), runs };
}

test(
  'at a boot with the data missing it comes back; at the next boots no run begins, and what is there is not touched',
  { skip },
  async () => {
    const lost = lostFolder();
    const { call, machine, params, runs } = unit(lost);
    const tell = machine.file('tell', '#!/bin/sh\ncat >>"$0.told"\n');
    chmodSync(tell, 0o755);
    await machine.run('config', 'set', 'notify', tell);
    const told = () =>
      readFileSync(`${tell}.told`, 'utf8')
        .split('\n')
        .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]))
        .filter(({ kind }) => kind === 'message');
    expect(await call()).toMatchObject({ code: 0, err: '' });
    expect(told()).toMatchObject([
      {
        template: 'preseed-success',
        priority: 'low',
        fields: {
          serviceName: 'sonarr',
          restoreSource: expect.stringMatching(/^restic, [0-9a-f]{8}/) as string,
          duration: expect.stringMatching(/^\d+ s$/) as string,
        },
      },
    ]);
    expect(treeOf(lost.path)).toBe(lost.tree);
    expect(existsSync(params.flag)).toBe(false);
    const [before, began] = [treeOf(lost.path), runs()];
    const again = await call();
    expect(again).toMatchObject({ code: 0 });
    expect(again.out).toMatch(/^nothing to do: the data of sonarr is there/);
    expect(told().slice(1)).toMatchObject([
      { template: 'preseed-skipped', priority: 'low', fields: { serviceName: 'sonarr' } },
    ]);
    expect([treeOf(lost.path), runs()]).toEqual([before, began]);
    expect(readdirSync(dirname(lost.path))).toEqual(['sonarr']);
  },
);

test(
  'a failed restore fails the unit, holds backups back, and the next boot goes on with the same run',
  { skip },
  async () => {
    const lost = lostFolder();
    const { call, params, runs } = unit(lost);
    writeFileSync(lost.access.password.name, 'wrong horse');
    const failed = await call();
    expect(failed.code).toBe(1);
    expect(failed.err + failed.out).toMatch(/restic: .*wrong password/s);
    expect(readFileSync(params.flag, 'utf8')).toContain('sonarr is missing');
    expect(existsSync(lost.path)).toBe(false);
    writeFileSync(lost.access.password.name, 'correct horse');
    expect((await call()).code).toBe(0);
    expect(runs()).toHaveLength(1);
    expect(treeOf(lost.path)).toBe(lost.tree);
    expect(existsSync(params.flag)).toBe(false);
  },
);

test(
  'with nothing anywhere the service stays down until somebody says that it may begin empty or brings the data',
  { skip },
  async () => {
    const lost = lostFolder();
    rmSync(lost.access.repository, { recursive: true });
    repository(lost.folder);
    const { call, params } = unit(lost);
    const waiting = await call();
    expect(waiting.code).toBe(3);
    expect(waiting.out + waiting.err).toMatch(/proven that no backup of sonarr exists/);
    expect(existsSync(params.flag)).toBe(true);
    expect((await call()).code).toBe(3);
    mkdirSync(lost.path);
    writeData(lost.path, 3);
    expect((await call()).code).toBe(0);
    expect(rowsIn(lost.path)).toBe(3);
    expect(existsSync(params.flag)).toBe(false);
  },
);

test(
  'killed at each mark of the restore and of the swap, the next boot ends with the same tree',
  { skip },
  async () => {
    const lost = lostFolder();
    const { machine, words, call, runs } = unit(lost);
    const marks = [
      'step.started.*"stage"',
      'asks restic',
      '"argv":\\["restic","restore"',
      'restic: staged',
      'puts what was restored',
    ];
    for (const mark of marks)
      expect(await killAt(machine, words, runs, new RegExp(mark)), mark).toBe('SIGKILL');
    expect((await call()).code).toBe(0);
    expect(treeOf(lost.path)).toBe(lost.tree);
    expect(readdirSync(dirname(lost.path))).toEqual(['sonarr']);
    expect(runs()).toHaveLength(1);
  },
);

/** Kills the process as soon as its journal holds a line beyond those that were there. Gives by what it ended. */
async function killAt(
  machine: Machine,
  words: readonly string[],
  runs: () => readonly string[],
  mark: RegExp,
): Promise<NodeJS.Signals | null> {
  const journal = () => {
    const [run] = runs();
    const path = join(machine.state, 'runs', run ?? '', 'journal.jsonl');
    return run !== undefined && existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  const known = journal().length;
  const { child, ended } = machine.start(words);
  const look = setInterval(() => {
    if (mark.test(journal().slice(known))) child.kill('SIGKILL');
  }, 2);
  const { signal } = await ended;
  clearInterval(look);
  return signal;
}
