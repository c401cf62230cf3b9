import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** Where to leave the results for a program to read. */
const results = process.env['MIGRATE_TEST_RESULTS'];

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * A group of tests that shares what it may need of the machine. Its seconds only end a test that hangs: a machine
 * that is busy with something else makes no test fail.
 */
function project(
  name: string,
  include: string[],
  options: { seconds: number; exclude?: string[]; alone?: boolean; after?: boolean },
): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      include,
      exclude: options.exclude ?? [],
      testTimeout: options.seconds * 1000,
      hookTimeout: options.seconds * 1000,
      fileParallelism: options.alone !== true,
      sequence: { groupOrder: options.after === true ? 1 : 0 },
      expect: { poll: { timeout: 60_000 } },
    },
  };
}

/**
 * Tests on real disks that nothing of this project may run beside, but for booted systems. What else is in
 * test/system works in folders, ports and mount namespaces of its own.
 */
const alone = [
  // They mount in this machine's own table, and unmount or repair: a namespace that began meanwhile keeps the mount.
  'test/system/cli-processes/full-disk.test.ts',
  'test/system/cli-processes/verify-far.test.ts',
  'test/system/copy/{carry-back,copy-disks,faithful,far-copy,faults,following,old-copy}.test.ts',
  'test/system/operations/{carry-back,last-copy,last-copy-killed,mounts}.test.ts',
  'test/system/operations/far/**/*.test.ts',
  // They cut off a disk, or count memory or how many take a lock.
  'test/system/power-cut.test.ts',
  'test/system/copy/memory.test.ts',
  'test/system/host/lock-race.test.ts',
  // It keeps every processor busy by itself.
  'test/system/rehearsal/crash-everywhere.test.ts',
];

/** Tests of whole services, of other machines and of the fakes, which `.ci/run` has no time for: `npm run test:long`. */
const long = [
  'test/system/copy/far-copy.test.ts',
  'test/system/operations/far/copy.test.ts',
  'test/system/operations/{postgres,replication}/**/*.test.ts',
  'test/system/rehearsal/{nixos-wsl,nixos-zfs,persistence-programme,postgres,postgres-killed,postgres-pitr}.test.ts',
  'test/system/rehearsal/{service-places,system-disk-way-back}.test.ts',
  'test/system/rehearsal/{rolled-back,services,storage-datasets,tmpfs-impermanence-defects,zfs-replication}.test.ts',
];

export default defineConfig({
  resolve: {
    alias: [
      { find: /^migrate-runbook$/, replacement: here('src/index.ts') },
      { find: /^migrate-runbook\/operations$/, replacement: here('src/operations/index.ts') },
      { find: /^migrate-runbook\/services$/, replacement: here('runbooks/services/index.ts') },
    ],
  },
  test: {
    reporters: results === undefined ? ['default'] : ['default', ['json', { outputFile: results }]],
    // Processes, not threads: tests change the working directory, are killed, and mount in namespaces of their own.
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      project('unit', ['test/**/*.test.ts'], {
        seconds: 120,
        exclude: ['test/system/**', 'test/vm/**'],
      }),
      // Real disks, as root.
      project('system', ['test/system/**/*.test.ts'], { seconds: 600, exclude: [...alone, ...long] }),
      project('system-alone', alone, { seconds: 1500, exclude: long, alone: true, after: true }),
      project('system-long', long, { seconds: 600, alone: true }),
      // Booted systems.
      project('vm', ['test/vm/**/*.test.ts'], { seconds: 900, alone: true }),
    ],
  },
});
