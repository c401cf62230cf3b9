import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { carryBack } from '../../../src/copy/carry-back.ts';
import type { CopyMachine } from '../../../src/copy/machine.ts';
import { copied, live, options, prepared } from '../../copy/carry-back-world.ts';
import { compareTrees } from '../../copy/compare-trees.ts';

test('carrying back, interrupted at any of its moves leaves one side whole, and ends alike when it is repeated', async () => {
  const world = await prepared();
  live(world);
  const copyBefore = join(world.tree, '../copy-before');
  const treeBefore = join(world.tree, '../tree-before');
  execFileSync('cp', ['-a', world.copy, copyBefore]);
  execFileSync('cp', ['-a', world.tree, treeBefore]);
  const stopped = new Error('stopped');
  // Before and after each program and each record.
  for (let stopAt = 1; stopAt <= 10; stopAt += 1) {
    rmSync(world.tree, { recursive: true });
    execFileSync('cp', ['-a', treeBefore, world.tree]);
    rmSync(world.aside, { recursive: true, force: true });
    let moves = 0;
    let kept = false;
    const move = async <T>(work: () => Promise<T>): Promise<T> => {
      moves += 1;
      if (moves === stopAt) throw stopped;
      const result = await work();
      moves += 1;
      if (moves === stopAt) throw stopped;
      return result;
    };
    const dying: CopyMachine = {
      ...world.machine,
      run: (...given) => move(() => world.machine.run(...given)),
      flush: (...given) => move(() => world.machine.flush(...given)),
    };
    const given = await options(world);
    const keep = () => move(async () => void (kept = true));
    await expect(carryBack(given, dying, keep), `stopped at ${stopAt}`).rejects.toBe(stopped);
    expect(await compareTrees(copyBefore, world.copy), `the copy, stopped at ${stopAt}`).toEqual([]);
    await carryBack({ ...given, kept }, world.machine, async () => {});
    const unlike = (await compareTrees(world.copy, world.tree)).filter((line) => !/time/.test(line));
    expect(unlike, `stopped at ${stopAt}`).toEqual([]);
    expect(readFileSync(join(world.aside, 'victim'), 'utf8')).toBe('victim');
    expect(readFileSync(join(world.aside, 'with space'), 'utf8')).toBe(
      readFileSync(join(treeBefore, 'with space'), 'utf8'),
    );
  }
});

test('carrying back brings back whatever was done, and loses nothing of what was there', async () => {
  const name = fc.constantFrom('a', 'b', 'c', '-d', 'e f', '#g', 'h\n');
  const deed = fc.record({
    what: fc.constantFrom('write', 'remove', 'folder', 'rename', 'link'),
    name,
    other: name,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 1, maxLength: 8 }), async (deeds) => {
      const world = await copied(1);
      for (const one of deeds)
        attempt(() => act(join(world.copy, one.name), join(world.copy, one.other), one.what));
      await carryBack(await options(world), world.machine, async () => {});
      const unlike = (await compareTrees(world.copy, world.tree)).filter((line) => !/time/.test(line));
      expect(unlike).toEqual([]);
      for (const made of [world.tree, world.copy]) rmSync(made, { recursive: true });
    }),
    { numRuns: 6 },
  );
});
function act(path: string, other: string, what: string): void {
  if (what === 'write') writeFileSync(path, String(Math.random()));
  else if (what === 'remove') rmSync(path, { recursive: true });
  else if (what === 'folder') mkdirSync(path);
  else if (what === 'rename') renameSync(path, other);
  else linkSync(path, other);
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // It does not fit what is there.
  }
}
