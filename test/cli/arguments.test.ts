import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { createProgram } from '../../src/cli/program.ts';
import { hasStack } from '../cli-processes/refusal.ts';

const commands = createProgram({ overrides: {}, exitCode: 0 }).commands;
const options = commands.flatMap((command) => command.options.map(({ long }) => long ?? ''));
const folder = mkdtempSync('/var/tmp/migrate-arguments-');
let said = '';

beforeEach(() => {
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((said += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((said += String(text))));
  // `migrate new` makes its files where it is called.
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  for (const [name, where] of [
    ['MIGRATE_STATE_DIR', 'state'],
    ['MIGRATE_CLAIMS_DIR', 'claims'],
    ['XDG_CONFIG_HOME', 'config'],
  ] as const) {
    vi.stubEnv(name, join(folder, where));
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test('any row of arguments is understood or refused with one message, and begins nothing', async () => {
  // These work on the machine itself, whatever their arguments are.
  const quiet = commands
    .map((command) => command.name())
    .filter((name) => !['rehearse', 'boot'].includes(name));
  const word = fc.oneof(
    fc.constantFrom(...quiet),
    fc.constantFrom(...options),
    fc.constantFrom(
      '--json',
      '--',
      '-',
      '',
      '-q',

      '--state-dir',
      '--no-input',
      'set',
      'get',
      'path',
      'jobs',
      'help',
    ),
    fc.constantFrom('wsl-nix-store', './none.ts', '/', '..', 'a=b', '__proto__', '%s', '-1', '1e9', '\n'),
    // No argument of a process holds a NUL.
    fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...quiet), fc.array(word, { maxLength: 6 }), async (command, words) => {
      // Whoever asks for it is told where an error comes from.
      fc.pre(!words.some((each) => /^-[a-z]*v/.test(each)));
      said = '';
      const exit = await main([command, ...words, '--no-input']);
      expect([0, 2, 3, 6], said).toContain(exit);
      expect(hasStack(said), said).toBe(false);
      expect(existsSync(join(folder, 'state')), said).toBe(false);
    }),
    { numRuns: 200 },
  );
}, 30_000);
