import { existsSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { lookForData, stageRestore, swapIn } from '../../../../src/operations/index.ts';
import { drive } from '../../../operations/drive.ts';
import { temporaryFolder } from '../../../host/folder.ts';
import { copyOf, lostFolder, noRestic, repository, rowsIn, treeOf, writeData } from './lost-service.ts';

const skip = noRestic !== false;
type Given = Omit<ReturnType<typeof lostFolder>['given'], 'limit'> & { limit: '1h' | '20s' };

async function stage(given: Given, folder = temporaryFolder()) {
  const step = await drive(stageRestore, given, { run: { folder } });
  return { step, output: await step.act() };
}

async function swap(given: Given, output: Awaited<ReturnType<typeof stage>>['output']) {
  const { sources: _, limit: __, ...place } = given;
  if (output.staged === null) throw new Error('nothing is staged');
  return drive(swapIn, { ...place, staged: output.staged });
}

test(
  'a lost folder comes back from restic whole, with its owners, and nothing is left beside it',
  { skip },
  async () => {
    const { given, path, tree, place } = lostFolder();
    const { output } = await stage(given);
    expect(output).toMatchObject({ outcome: 'staged', source: 'restic' });
    expect(existsSync(path)).toBe(false);
    const swapping = await swap(given, output);
    expect(await swapping.probe()).toBe('not-started');
    expect(await swapping.act()).toEqual({ aside: null });
    expect(treeOf(path)).toBe(tree);
    expect(rowsIn(path)).toBe(100);
    expect(readdirSync(dirname(path))).toEqual(['sonarr']);
    expect(await (await drive(lookForData, place)).act()).toMatchObject({ state: 'present' });
    expect(await swapping.probe()).toEqual({ done: { aside: null } });
  },
);

test(
  'what is left of a broken restore goes aside, and a rollback puts it back and keeps what was restored',
  { skip },
  async () => {
    const { given, path, tree } = lostFolder();
    mkdirSync(path);
    writeFileSync(join(path, 'leftover'), 'half');
    const { output } = await stage(given);
    const swapping = await swap(given, output);
    const { aside } = await swapping.act();
    expect(treeOf(path)).toBe(tree);
    expect(readdirSync(aside ?? '')).toEqual(['leftover']);
    writeFileSync(join(path, 'written-since'), 'kept');
    await swapping.undo();
    expect(readdirSync(path)).toEqual(['leftover']);
    expect(readdirSync(dirname(path)).some((name) => name.includes('migrate-undone'))).toBe(true);
    await swapping.undo();
    expect(readdirSync(path)).toEqual(['leftover']);
  },
);

test(
  'a wrong password, a repository that is away and one of another host are failures, and never none',
  { skip },
  async () => {
    const { given, path, source, folder } = lostFolder();
    writeFileSync(join(folder, 'wrong'), 'wrong horse');
    const refused = async (changes: object) =>
      stage({ ...given, limit: '20s', sources: [{ ...source, ...changes }] }).then(
        () => 'restored',
        (error: Error) => error.message,
      );
    expect(await refused({ password: { secret: 'file', name: join(folder, 'wrong') } })).toMatch(
      /wrong password/,
    );
    expect(await refused({ repository: join(folder, 'unmounted') })).toMatch(/unable to open config/i);
    expect(await refused({ host: 'luna' })).toMatch(/1 snapshots hold .* they are of forge/);
    expect(
      await refused({
        repository: 's3:http://127.0.0.1:1/bucket',
        env: { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
        kind: 's3',
        tags: ['none'],
      }).then((text) => text.slice(0, 20)),
    ).not.toBe('restored');
    expect(readdirSync(dirname(path))).toEqual([]);
  },
);

test(
  'a repository that answers and holds nothing of the service proves that there is nothing',
  { skip },
  async () => {
    const { given, folder, source } = lostFolder();
    const empty = repository(folder, 'empty').access;
    const { output } = await stage({ ...given, sources: [{ ...source, ...empty }] });
    expect(output).toMatchObject({
      outcome: 'nothing-anywhere',
      staged: null,
      attempts: [{ outcome: 'none' }],
    });
  },
);

test(
  'a lock that a dead machine left is no obstacle, and newer backups that are empty or damaged are passed over',
  { skip },
  async () => {
    const { given, path, tree, restic, access, folder, source } = lostFolder();
    // The same path in another place, as a machine that was set up anew would back it up.
    const again = join(folder, 'again');
    writeData(again);
    writeFileSync(join(again, 'sonarr.db'), 'x'.repeat(20_000));
    restic('backup', '--host', 'forge', '--tag', 'sonarr', again);
    rmSync(again, { recursive: true });
    mkdirSync(again);
    restic('backup', '--host', 'forge', '--tag', 'sonarr', again);
    writeFileSync(join(access.repository, 'locks', '0'.repeat(64)), 'stale');
    const refused = stage({ ...given, sources: [{ ...source, path: again }] });
    await expect(refused).rejects.toThrow(/it holds no file.*not sound/s);
    const { output } = await stage(given);
    await (await swap(given, output)).act();
    expect(treeOf(path)).toBe(tree);
  },
);

test(
  'a pruned pack is a failure that leaves nothing, and the next source brings the data back',
  { skip },
  async () => {
    const { given, path, source, access, folder } = lostFolder();
    const whole = { ...access, repository: join(folder, 'second') };
    copyOf(access.repository, whole.repository);
    const packs = join(access.repository, 'data');
    for (const one of readdirSync(packs, { recursive: true, withFileTypes: true }))
      if (one.isFile()) truncateSync(join(one.parentPath, one.name), 10);
    rmSync(join(folder, 'cache'), { recursive: true, force: true });
    const { output, step } = await stage({
      ...given,
      limit: '20s',
      sources: [source, { ...source, ...whole, kind: 's3' as const }] as never,
    });
    expect(output).toMatchObject({ source: 's3', attempts: [{ outcome: 'failed' }, { outcome: 'staged' }] });
    expect(step.log.join('\n')).toMatch(/restic: failed.*\n.*s3: staged|restic: failed[^]*s3: staged/);
    expect(readdirSync(dirname(path))).toHaveLength(1);
  },
);

test('data that came back meanwhile is not replaced', { skip }, async () => {
  const { given, path } = lostFolder();
  const { output } = await stage(given);
  const swapping = await swap(given, output);
  writeData(path, 7);
  await expect(swapping.act()).rejects.toMatchObject({ code: 'restore.changed' });
  expect(rowsIn(path)).toBe(7);
  expect((await stage(given)).output.outcome).toBe('came-back');
});
