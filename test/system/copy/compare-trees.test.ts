import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compareTrees } from '../../copy/compare-trees.ts';
import { temporaryFolder } from '../../copy/folder.ts';
import { isRoot } from '../../copy/sample-tree.ts';

const grow = `
  mkdir folder; echo one > file; ln file folder/link; echo two > other; ln -s file symlink; ln symlink symlink-too
  mkfifo fifo; truncate -s 20000000 sparse; printf x | dd of=sparse seek=9000000 bs=1 conv=notrunc status=none
  setfattr -n user.a -v 1 file; setfacl -m u:7:r file; setfacl -d -m u:7:r folder; chmod 4755 other
  touch -h -d @1 file other symlink sparse fifo folder .`;

/** What is done to the copy, and the facts by which it must show. */
const faults: readonly { fault: string; shown: readonly string[]; root?: true }[] = [
  { fault: 'printf 3 | dd of=other bs=1 conv=notrunc status=none', shown: ['content'] },
  { fault: 'printf 3 | dd of=sparse bs=1 seek=5 conv=notrunc status=none', shown: ['content of a large'] },
  { fault: 'echo more >> other', shown: ['content', 'size'] },
  { fault: 'cp sparse x; cat x > sparse; rm x', shown: ['room'] },
  { fault: 'rm folder/link; cp -p file folder/link', shown: ['names of the same file'] },
  { fault: 'cp -dp symlink x; mv x symlink', shown: ['names of the same file'] },
  { fault: 'ln other further', shown: ['names of the same file', 'type'] },
  { fault: 'ln -sfn other symlink', shown: ['link '] },
  { fault: 'setfattr -x user.a file', shown: ['attributes'] },
  { fault: 'setfattr -n user.a -v 2 file', shown: ['attributes'] },
  { fault: 'setfacl -m u:8:r file', shown: ['acl'] },
  { fault: 'setfacl -k folder', shown: ['acl'] },
  { fault: 'chmod 755 other', shown: ['mode'] },
  { fault: 'touch -d @1.000000001 other', shown: ['mtime'] },
  { fault: 'touch -h -d @2 symlink', shown: ['mtime'] },
  { fault: 'rm fifo; touch -d @1 fifo', shown: ['type'] },
  { fault: 'rm other', shown: ['type'] },
  { fault: 'echo > "$(printf "\\377\\n")"', shown: ['type'] },
  { fault: 'chown 5:6 other', shown: ['owner'], root: true },
  { fault: 'setfattr -n trusted.b -v 1 folder', shown: ['attributes'], root: true },
  { fault: 'setcap cap_net_raw+ep other', shown: ['attributes'], root: true },
  { fault: 'rm null; mknod null c 1 5', shown: ['device'], root: true },
];

test('the comparison that judges every copy sees each kind of fault, and none where there is none', async () => {
  const folder = temporaryFolder();
  const [one, other] = [join(folder, 'one'), join(folder, 'other')];
  mkdirSync(one);
  const run = (script: string, cwd: string) => execFileSync('sh', ['-ec', script], { cwd });
  run(isRoot ? `${grow}; mknod null c 1 3` : grow, one);
  execFileSync('cp', ['-a', one, other]);
  expect(await compareTrees(one, other)).toEqual([]);
  for (const { fault, shown, root } of faults) {
    if (root === true && !isRoot) continue;
    execFileSync('rm', ['-r', other]);
    execFileSync('cp', ['-a', one, other]);
    run(fault, other);
    const differences = await compareTrees(one, other);
    for (const fact of shown)
      expect(
        differences.some((line) => line.startsWith(fact)),
        `${fault}: ${differences.join('; ')}`,
      ).toBe(true);
  }
});
