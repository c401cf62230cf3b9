import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const begin = "import { fragment, runbook, sh, z } from 'migrate-runbook';\n";
const step = '{ readonly: true, commands: () => [sh`true`] }';
const runbook = `${begin}export default runbook('mine', { summary: 'x' }).step('a', ${step})`;

/** What lies on the disk, by path in a folder of its own. */
const files: Record<string, string> = {
  'plain.ts': `${runbook};`,
  'plain.js': `${runbook};`,
  'plain.mts': `${runbook};`,
  'a name with # and ?.ts': `${runbook};`,
  'types.ts': [
    begin,
    "import type { Command } from 'migrate-runbook';",
    'interface Named { readonly name: string }',
    'const one = { name: "x" } satisfies Named as Named;',
    "const commands = (): readonly Command[] => [{ argv: ['echo', one.name] }];",
    "export default runbook('mine', { summary: 'x' }).step('a', { readonly: true, commands });",
  ].join('\n'),
  'operations.ts': [
    begin,
    "import { command } from 'migrate-runbook/operations';",
    "export default runbook('mine', { summary: 'x' }).step('a', {",
    "  use: command, irreversible: 'x', with: () => ({ commands: [sh`true`] }) } as never);",
  ].join('\n'),
  'parts/main.ts': [
    begin,
    "import { group } from './group/steps.ts';",
    "import { first } from '../shared.ts';",
    "import data from './disks.json' with { type: 'json' };",
    "let so = runbook('mine', { summary: 'x' }).step('first', first).use(group, { prefix: 'g', needs: ['first'] });",
    "for (const disk of data) so = so.step(('disk-' + disk) as never, { readonly: true, commands: () => [] }) as never;",
    'export default so;',
  ].join('\n'),
  'parts/group/steps.ts': `${begin}export const group = fragment({}).step('one', ${step});`,
  'parts/disks.json': '["sda", "sdb"]',
  'shared.ts': `${begin}export const first = ${step};`.replace('readonly: true', 'readonly: true as const'),
  'commonjs/package.json': '{ "type": "commonjs" }',
  'commonjs/mine.ts': `${runbook};`,
  'typeless/package.json': '{ "name": "my-machines" }',
  'typeless/mine.ts': `${runbook};`,
  'package/node_modules/theirs/index.js': 'export const name = "b";',
  'package/node_modules/theirs/package.json': '{ "type": "module", "exports": "./index.js" }',
  'package/mine.ts': `import { name } from 'theirs';\n${runbook}.step(name as never, ${step});`,

  'syntax.ts': `${begin}export default runbook('mine', { summary: 'x' })\n  .step('a', { commands: ( => [] });`,
  'syntax-in-part.ts': `import './broken-part.ts';\n${runbook};`,
  'broken-part.ts': 'export const a = 1;\nexport const b = {,};\n',
  'enum.ts': `enum Disk { A }\n${runbook};`,
  'missing.ts': `import './stpes.ts';\n${runbook};`,
  'no-ending.ts': `import { first } from './shared';\n${runbook};`,
  'no-package.ts': `import 'left-pad';\n${runbook};`,
  'no-such-export.ts': `import { runbok } from 'migrate-runbook';\n${runbook};`,
  'type-as-value.ts': `import { Command } from 'migrate-runbook';\n${runbook};`,
  'throws.ts': `${begin}\nconst list = sh\`a | b\`;\nexport default list;`,
  'no-default.ts': runbook.replace('export default', 'export const mine ='),
  'no-exports.ts': 'const a = 1;\n',
  'not-one.ts': 'export default { steps: [] };',
  'invalid.ts': `${begin}export default runbook('mine', { sumary: 'x' } as never).step('a', {} as never);`,
  'a-fragment.ts': `${begin}export default fragment({}).step('a', ${step});`,
};

interface Loaded {
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
  readonly files?: readonly string[];
}
let folder: string;
let results: Record<string, Loaded>;
let warnings: string[];

beforeAll(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'runbook-file-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  symlinkSync(join(folder, 'parts/main.ts'), join(folder, 'link.ts'));
  const names = [...Object.keys(files), 'link.ts', 'parts/', 'none.ts', 'wsl-nix-stroe', 'nothing-like-it'];
  const paths = names.map((name) => (/[./]/.test(name) ? join(folder, name) : name));
  const script = fileURLToPath(new URL('load-runbooks.ts', import.meta.url));
  const output = execFileSync(process.execPath, [script, join(folder, 'kept'), ...paths], {
    encoding: 'utf8',
    timeout: 15_000,
    // What vitest sets would change how Node.js loads files.
    env: { PATH: process.env['PATH'] ?? '' },
  });
  const read = JSON.parse(output) as { results: Record<string, Loaded>; warnings: string[] };
  results = Object.fromEntries(names.map((name, index) => [name, read.results[paths[index] ?? ''] ?? {}]));
  warnings = read.warnings;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a runbook', () => {
  it.each([
    'plain.ts',
    'plain.js',
    'plain.mts',
    'a name with # and ?.ts',
    'types.ts',
    'operations.ts',
    'commonjs/mine.ts',
    'typeless/mine.ts',
  ])('is loaded from anywhere on disk with nothing installed beside it: %s', (name) => {
    expect(results[name]).toMatchObject({ id: 'mine', steps: ['a'], kept: ['a'] });
  });

  it('is loaded without a word from Node.js', () => {
    expect(warnings).toEqual([]);
  });

  it('may be made of parts, all of which are kept with it, by their real paths, the main one first', () => {
    const steps = ['first', 'g-one', 'disk-sda', 'disk-sdb'];
    expect(results['parts/main.ts']).toMatchObject({ steps, kept: steps, found: true });
    const parts = ['parts/main.ts', 'parts/group/steps.ts', 'shared.ts', 'parts/disks.json'];
    expect(results['parts/main.ts']?.files).toEqual(parts.map((name) => join(folder, name)));
  });

  it('may be reached through a symlink, and is known by the name that it was given', () => {
    expect(results['link.ts']).toMatchObject({
      file: join(folder, 'link.ts'),
      files: results['parts/main.ts']?.files,
      kept: ['first', 'g-one', 'disk-sda', 'disk-sdb'],
      found: true,
    });
  });

  it('may use packages that lie beside it, which are not kept', () => {
    expect(results['package/mine.ts']).toMatchObject({
      steps: ['a', 'b'],
      files: [join(folder, 'package/mine.ts')],
    });
  });

  it.each<[string, string, string[], string]>([
    ['syntax.ts', 'runbook.broken', ['Expression expected', 'syntax.ts, line 3'], 'nothing was run'],
    ['syntax-in-part.ts', 'runbook.broken', ['broken-part.ts, line 2'], 'nothing was run'],
    ['enum.ts', 'runbook.broken', ['enum is not supported', 'enum.ts, line 1'], 'types can be erased'],
    ['missing.ts', 'runbook.broken', ["stpes.ts'"], 'Check the path'],
    ['no-ending.ts', 'runbook.broken', ["shared'"], 'such as ./steps.ts'],
    ['no-package.ts', 'runbook.broken', ["package 'left-pad'"], "z comes from 'migrate-runbook'"],
    ['no-such-export.ts', 'runbook.broken', ["'runbok'", 'line 1'], 'Check the name'],
    ['type-as-value.ts', 'runbook.broken', ["'Command'"], 'import type'],
    ['throws.ts', 'runbook.broken', ['holds "|"', 'throws.ts, line 3'], 'Quote it'],
    ['no-default.ts', 'runbook.no-default', ['has no default export, only mine'], 'export default'],
    ['no-exports.ts', 'runbook.no-default', ['has no default export'], 'export default'],
    ['not-one.ts', 'runbook.not-one', ['does not export a runbook'], "begins with runbook('"],
    ['a-fragment.ts', 'runbook.not-one', ['does not export a runbook'], "begins with runbook('"],
    [
      'invalid.ts',
      'runbook.invalid',
      ['Did you mean "summary"?', 'step "a" does not say how it is undone'],
      'Mend the file',
    ],
    ['none.ts', 'runbook.no-file', ['there is no file'], 'Check the path'],
    ['parts/', 'runbook.no-file', ['is no file'], 'Check the path'],
    ['nothing-like-it', 'runbook.unknown', ['there is no runbook "nothing-like-it"'], 'migrate list'],
  ])('that cannot be loaded is refused with one clear message: %s', (name, code, says, hint) => {
    expect(results[name]).toMatchObject({ code, exitCode: 2, hint: expect.stringContaining(hint) });
    for (const part of says) expect(results[name]?.message).toContain(part);
  });
});
