import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { preferences } from '../../src/cli/options/preferences.ts';

test('whatever the file of preferences holds, it is understood or named with the way out', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'migrate-preferences-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  vi.stubEnv('XDG_CONFIG_HOME', folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  const file = join(folder, 'migrate/config.json');
  mkdirSync(join(folder, 'migrate'));
  const key = fc.constantFrom('jobs', 'color', '__proto__', 'other', '');
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        fc.jsonValue().map((value) => JSON.stringify(value)),
        fc.dictionary(key, fc.jsonValue()).map((value) => JSON.stringify(value)),
      ),
      async (content) => {
        writeFileSync(file, content);
        try {
          expect(['auto', 'never']).toContain((await preferences()).color);
        } catch (error) {
          expect(error).toMatchObject({
            code: 'config.damaged',
            exitCode: 2,
            message: expect.stringContaining(file) as string,
            hint: expect.stringContaining('delete it') as string,
          });
        }
      },
    ),
    { numRuns: 200 },
  );
});
