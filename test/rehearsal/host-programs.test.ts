import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findHostPrograms, outermost, packageFolders } from '../../src/rehearsal/host-programs.ts';

describe('what a world borrows of its host', () => {
  it('is the checkout, or everything that was installed beside the package', () => {
    expect(packageFolders('/home/me/migrate')).toEqual(['/home/me/migrate']);
    expect(packageFolders('/srv/app/node_modules/migrate-runbook')).toEqual([
      '/srv/app/node_modules/migrate-runbook',
      '/srv/app/node_modules',
    ]);
    expect(packageFolders('/a/node_modules/.pnpm/m@1/node_modules/migrate-runbook')[1]).toBe(
      '/a/node_modules',
    );
  });

  it('binds no folder beneath another, and loses none', () => {
    const names = fc.array(fc.constantFrom('a', 'a-b', 'b', 'c'), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(names.map((parts) => `/${parts.join('/')}`)), (paths) => {
        const kept = outermost(paths);
        const isBeneath = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);
        for (const path of paths) expect(kept.filter((outer) => isBeneath(path, outer))).toHaveLength(1);
      }),
    );
  });

  it('holds node, and nothing that a boot empties among what is bound once', () => {
    const { binds, lateBinds, nodeFolder } = findHostPrograms([]);
    expect([...binds, ...lateBinds].some((folder) => `${nodeFolder}/`.startsWith(`${folder}/`))).toBe(true);
    expect(binds.filter((folder) => folder.startsWith('/tmp/'))).toEqual([]);
    expect(lateBinds.filter((folder) => !/^\/(tmp|run|dev\/shm)\//.test(folder))).toEqual([]);
  });

  it('refuses a folder that the world has itself', () => {
    expect(() => findHostPrograms(['/etc'])).toThrow(expect.objectContaining({ code: 'world.share' }));
    expect(() => findHostPrograms(['/'])).toThrow(expect.objectContaining({ code: 'world.share' }));
  });
});
