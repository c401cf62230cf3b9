import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** Where to leave the results for a program to read. */
const results = process.env['MIGRATE_TEST_RESULTS'];

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A group of tests that shares what it may need of the machine, and how long it may take. */
function project(
  name: string,
  include: string[],
  options: { seconds: number; exclude?: string[]; alone?: boolean },
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
    },
  };
}

export default defineConfig({
  resolve: {
    alias: [
      { find: /^migrate-runbook$/, replacement: here('src/index.ts') },
      { find: /^migrate-runbook\/operations$/, replacement: here('src/operations/index.ts') },
    ],
  },
  test: {
    reporters: results === undefined ? ['default'] : ['default', ['json', { outputFile: results }]],
    // Processes, not threads: tests change the working directory, are killed, and mount in namespaces of their own.
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      project('unit', ['test/**/*.test.ts'], {
        seconds: 20,
        exclude: ['test/system/**', 'test/vm/**'],
      }),
      // Real disks, as root; one file at a time, since loop devices and mount tables are the machine's.
      project('system', ['test/system/**/*.test.ts'], { seconds: 300, alone: true }),
      // Booted systems.
      project('vm', ['test/vm/**/*.test.ts'], { seconds: 600, alone: true }),
    ],
  },
});
