import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readMounts } from '../../src/host/mounts.ts';
import { checkStateFolder, prepareStateFolder, type StateCheck } from '../../src/host/state-folder.ts';
import type { Claim } from '../../src/runbook/index.ts';
import { temporaryFolder } from './folder.ts';

const uid = process.getuid!();
const check = async (folder: string, claims: Claim[] = []): Promise<StateCheck> => ({
  folder,
  // As if the tests' own folder were on a disk, wherever it is.
  mounts: (await readMounts()).map((mount) => ({ ...mount, type: 'ext4' })),
  claims,
  surroundings: { env: {}, uid, home: '/root' },
});

test('a state folder is created for its owner only, and may be there already', async () => {
  const folder = `${temporaryFolder()}/a/state`;
  await prepareStateFolder(await check(folder));
  await prepareStateFolder(await check(folder));
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(`${folder}/runs`).mode & 0o777).toBe(0o700);
});

test('nothing is created where state is not safe, and another place is named', async () => {
  const parent = temporaryFolder();
  const folder = `${parent}/state`;
  const claims: Claim[] = [{ kind: 'path', path: parent, role: 'source' }];
  await expect(prepareStateFolder(await check(folder, claims))).rejects.toMatchObject({
    code: 'state.unsafe',
    exitCode: 6,
    message: `the state folder ${folder} is not safe: it lies in ${parent}, which this run copies`,
    hint: expect.stringContaining('This place serves: --state-dir /') as string,
  });
  expect(existsSync(folder)).toBe(false);
});

test('a symlink on the way is followed before the place is judged', async () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/moved`);
  symlinkSync('moved', `${folder}/link`);
  const claims: Claim[] = [{ kind: 'path', path: `${folder}/moved`, role: 'source' }];
  await expect(checkStateFolder(await check(`${folder}/link/state`, claims))).rejects.toThrow(
    `it lies in ${folder}/moved`,
  );
});

test('a symlink, a file, and what others may write are refused', async () => {
  const folder = temporaryFolder();
  symlinkSync('/nowhere', `${folder}/link`);
  await expect(checkStateFolder(await check(`${folder}/link`))).rejects.toThrow('it is a symlink');
  writeFileSync(`${folder}/file`, '');
  await expect(checkStateFolder(await check(`${folder}/file`))).rejects.toThrow('it is no folder');
  mkdirSync(`${folder}/open`);
  chmodSync(`${folder}/open`, 0o777);
  await expect(checkStateFolder(await check(`${folder}/open`))).rejects.toThrow(
    'everybody may write there (mode 777)',
  );
  mkdirSync(`${folder}/shared`);
  chmodSync(`${folder}/shared`, 0o770);
  if (uid === 0) {
    chownSync(`${folder}/shared`, 0, 1234);
    await expect(checkStateFolder(await check(`${folder}/shared`))).rejects.toMatchObject({
      message: expect.stringContaining('the group 1234 may write there (mode 770)') as string,
      hint: expect.stringContaining(`chmod go-rwx ${folder}/shared`) as string,
    });
  }
  await expect(prepareStateFolder(await check(`${folder}/file/state`))).rejects.toMatchObject({
    code: 'state.unwritable',
    exitCode: 6,
  });
});

test.skipIf(uid !== 0)("another user's folder is refused", async () => {
  const folder = `${temporaryFolder()}/theirs`;
  mkdirSync(folder);
  chownSync(folder, 1234, 1234);
  await expect(checkStateFolder(await check(folder))).rejects.toThrow(
    'it belongs to the user 1234, not to 0',
  );
});
