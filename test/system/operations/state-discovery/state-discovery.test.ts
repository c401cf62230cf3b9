import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { thisMachine } from '../../../../src/host/this-machine.ts';
import { discoverState } from '../../../../src/operations/state-discovery/discover.ts';
import { diskUsage } from '../../../../src/operations/state-discovery/disk-usage.ts';

const isRoot = process.getuid?.() === 0;
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'migrate-discovery-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test.skipIf(!isRoot)('another file system beneath is not entered (needs root)', async () => {
  const point = join(root, 'mounted');
  mkdirSync(point);
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', point]);
  try {
    writeFileSync(join(point, 'large'), Buffer.alloc(1_000_000, 1));
    const { folders } = await diskUsage(thisMachine(), root, { without: [] });
    expect(folders.get(root)).toBeLessThan(1_000_000);
  } finally {
    execFileSync('umount', [point]);
  }
});

test.skipIf(!isRoot)(
  'a folder that may not be read is named, and the rest is counted (needs root)',
  async () => {
    mkdirSync(join(root, 'closed/in'), { recursive: true });
    execFileSync('chmod', ['0711', root]);
    writeFileSync(join(root, 'seen'), Buffer.alloc(50_000, 1));
    execFileSync('chmod', ['0755', root]);
    execFileSync('chmod', ['0700', join(root, 'closed')]);
    const asNobody = thisMachine();
    const host = {
      ...asNobody,
      exec: (command: Parameters<typeof asNobody.exec>[0], how?: Parameters<typeof asNobody.exec>[1]) =>
        asNobody.exec(
          {
            ...command,
            argv: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--', ...command.argv],
          },
          how,
        ),
    };
    const { folders, unreadable } = await diskUsage(host, root, { without: [] });
    expect(unreadable).toEqual([`${join(root, 'closed')}: Permission denied`]);
    expect(folders.get(root)).toBeGreaterThan(50_000);
  },
);

test('files that vanish while it looks are nobody’s loss', { timeout: 60_000 }, async () => {
  const churn = spawn('sh', ['-c', 'while :; do mkdir -p a/b/c d/e; : >a/b/c/f; rm -rf a d; done'], {
    cwd: root,
    stdio: 'ignore',
  });
  try {
    for (let turn = 0; turn < 40; turn += 1) {
      const { folders, unreadable } = await diskUsage(thisMachine(), root, { without: [] });
      expect(folders.has(root)).toBe(true);
      expect(unreadable).toEqual([]);
    }
  } finally {
    churn.kill('SIGKILL');
    await new Promise((resolve) => churn.once('close', resolve));
  }
});

test.skipIf(!isRoot)(
  'this machine’s own state is found: sizes, owners, packages, changed files (needs root)',
  { timeout: 120_000 },
  async () => {
    const state = await discoverState(thisMachine(), { declared: ['/opt', '/work', '/root'] });
    const paths = state.undeclared.map(({ path }) => path);
    expect(paths.some((path) => /^\/(opt|work|root|nix|proc)(\/|$)/.test(path))).toBe(false);
    expect(state.homes.map(({ path }) => path)).toContain('/root');
    if (state.etc.source === 'dpkg') {
      expect(state.undeclared.find(({ path }) => path === '/var/lib/dpkg')).toMatchObject({
        package: expect.stringContaining('dpkg') as string,
        owner: 'root',
      });
      expect(state.etc.files.map(({ path }) => path)).toContain('/etc/passwd');
    }
  },
);
