import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** Runs the boundary check of this project on a small one with the given imports, each `from → to`. */
async function violations(imports: readonly (readonly [from: string, to: string])[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'migrate-boundaries-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(join(root, '.dependency-cruiser.mjs'), join(folder, '.dependency-cruiser.mjs'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'tsconfig.json'), '{}');
  const lines = new Map<string, string[]>([
    ['runbooks/one.ts', []],
    ['src/index.ts', []],
  ]);
  for (const [from, to] of imports) {
    const path = to.startsWith('node:') ? to : `${'../'.repeat(from.split('/').length - 1)}${to}`;
    // Types alone already tie two parts together.
    lines.set(from, [...(lines.get(from) ?? []), `import type { Thing } from '${path}';`]);
    if (!to.startsWith('node:')) lines.set(to, lines.get(to) ?? []);
  }
  for (const [file, text] of lines) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), ['export interface Thing {}', ...text].join('\n'));
  }
  const output = await new Promise<string>((done) => {
    const depcruise = join(root, 'node_modules/.bin/depcruise');
    execFile(depcruise, ['src', 'runbooks', '--output-type', 'json'], { cwd: folder }, (_error, stdout) =>
      done(stdout),
    );
  });
  const { summary } = JSON.parse(output) as { summary: { violations: Violation[] } };
  return summary.violations.map(({ from, to, rule }) => `${from} → ${to}: ${rule.name}`).toSorted();
}

test('the boundary check lets through what the direction of imports allows', async () => {
  const allowed = [
    ['src/runbook/step.ts', 'src/errors.ts'],
    ['src/runbook/step.ts', 'node:path'],
    ['src/copy/tree.ts', 'src/errors.ts'],
    ['src/copy/tree.ts', 'node:fs'],
    ['src/journal/fold.ts', 'src/runbook/index.ts'],
    ['src/plan/forward.ts', 'src/journal/state.ts'],
    ['src/engine/run.ts', 'src/plan/forward.ts'],
    ['src/operations/copy/copy-tree.ts', 'src/copy/tree.ts'],
    ['src/host/shell.ts', 'src/engine/ports.ts'],
    ['src/render/lines.ts', 'src/journal/event.ts'],
    ['src/cli/main.ts', 'src/rehearsal/world.ts'],
    ['src/cli/main.ts', 'src/engine/run.ts'],
    ['runbooks/one.ts', 'src/index.ts'],
  ] as const;
  expect(await violations(allowed)).toEqual([]);
});

test('the boundary check refuses each import against the direction, also of types alone', async () => {
  const refused = [
    ['src/runbook/step.ts', 'src/journal/event.ts', 'runbook-imports-only-what-it-builds-on'],
    ['src/journal/fold.ts', 'src/plan/forward.ts', 'journal-imports-only-what-it-builds-on'],
    ['src/plan/forward.ts', 'src/engine/ports.ts', 'plan-imports-only-what-it-builds-on'],
    ['src/plan/rollback.ts', 'node:fs', 'pure-parts-leave-the-machine-alone'],
    ['src/engine/run.ts', 'src/host/shell.ts', 'engine-imports-only-what-it-builds-on'],
    ['src/engine/gate.ts', 'src/cli/main.ts', 'engine-imports-only-what-it-builds-on'],
    ['src/host/shell.ts', 'src/engine/act.ts', 'host-imports-only-what-it-builds-on'],
    ['src/render/lines.ts', 'src/engine/act.ts', 'render-imports-only-what-it-builds-on'],
    ['src/operations/mount.ts', 'src/host/mounts.ts', 'operations-imports-only-what-it-builds-on'],
    ['src/operations/zfs.ts', 'node:fs/promises', 'pure-parts-leave-the-machine-alone'],
    ['src/copy/tree.ts', 'src/runbook/step.ts', 'copy-imports-only-what-it-builds-on'],
    ['src/journal/line.ts', 'src/utils/text.ts', 'no-room-without-a-name-of-its-own'],
    ['runbooks/one.ts', 'src/runbook/builder.ts', 'runbooks-use-the-public-api'],
  ] as const;
  const found = await violations(refused.map(([from, to]) => [from, to]));
  for (const [from, to, rule] of refused) {
    expect(found).toContainEqual(`${from} → ${to.replace('node:', '')}: ${rule}`);
  }
});

test('the boundary check refuses files that import each other', async () => {
  const found = await violations([
    ['src/runbook/step.ts', 'src/runbook/undo.ts'],
    ['src/runbook/undo.ts', 'src/runbook/step.ts'],
  ]);
  expect(found).toContainEqual(expect.stringContaining('no-cycles'));
});

test('the boundary check refuses a rehearsal anywhere but in the command line', async () => {
  const found = await violations([
    ['src/host/shell.ts', 'src/rehearsal/world.ts'],
    ['src/engine/run.ts', 'src/rehearsal/world.ts'],
  ]);
  expect(
    found.filter((line) => line.endsWith('rehearsal-is-reached-from-the-command-line-only')),
  ).toHaveLength(2);
});
