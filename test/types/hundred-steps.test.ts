import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Steps of every kind in turn; each needs the two before it that give an output, and reads one of them. */
const kinds = [
  (index: number, before: number) => `
  .step('step-${index}', {
    ${before < 0 ? '' : `needs: ['step-${before}', 'step-${index - 1}'],`}
    use: copy,
    with: ({ params${before < 0 ? '' : ', outputs'} }) => ({
      from: params.dataset, to: String(${before < 0 ? 0 : `outputs['step-${before}'].bytes`})
    }),
  })`,
  (index: number, before: number) => `
  .step('step-${index}', {
    needs: ['step-${before}'],
    capture: ({ params, run }) => ({ name: \`\${params.dataset}@\${run.id}\` }),
    commands: ({ captured, outputs, sh }) => [sh\`zfs snapshot \${captured.name} \${outputs['step-${before}'].bytes}\`],
    probe: async ({ captured, $ }) => ((await $\`zfs list \${captured.name}\`).stdout === '' ? 'not-started' : 'done'),
    undo: ({ captured, sh }) => [sh\`zfs destroy \${captured.name}\`],
    timeout: '90s',
  })`,
  (index: number, before: number) => `
  .step('step-${index}', {
    needs: ['step-${before}', 'step-${index - 1}'],
    readonly: true,
    output: z.object({ bytes: z.number(), files: z.array(z.string()) }),
    describe: 'Counts',
    run: async ({ outputs, log }) => {
      log('counting');
      return { bytes: outputs['step-${before}'].bytes, files: [] };
    },
  })`,
  (index: number, before: number) => `
  .check('step-${index}', {
    needs: ['step-${before}', 'step-${index - 1}'],
    expect: 'bytes',
    run: ({ outputs }) => ({ verdict: outputs['step-${before}'].bytes > 0 ? 'PASS' : 'FAIL', observed: 'bytes' }),
  })`,
];

function runbookOf(steps: number): string {
  const chain = Array.from({ length: steps }, (_, index) => {
    const round = index - (index % kinds.length);
    const before = index % kinds.length === 0 ? round - 2 : index % kinds.length === 3 ? index - 1 : round;
    return kinds[index % kinds.length]!(index, before);
  });
  return `import { operation, runbook, z } from 'migrate-runbook';
export const copy = operation({
  operation: 'copy',
  version: 1,
  input: z.object({ from: z.string(), to: z.string() }),
  reversal: 'undo',
  output: z.object({ bytes: z.number() }),
  describe: ({ input }) => input.from,
  run: async () => ({ bytes: 1 }),
  undo: ({ input, sh }) => [sh\`rm -r \${input.to}\`],
});
export default runbook('many', { summary: 'Many steps', params: z.object({ dataset: z.string() }) })${chain.join('')};
`;
}

/** How often the compiler fills in a generic type in a runbook, which says the same on any machine, unlike its time. */
async function instantiations(source: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'migrate-types-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { typeRoots: [join(root, 'node_modules/@types')] },
    include: ['.'],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  await writeFile(join(folder, 'runbook.mts'), source);
  const tsc = join(root, 'node_modules/.bin/tsc');
  const said = await promisify(execFile)(tsc, ['-p', folder, '--extendedDiagnostics']);
  return Number(/^Instantiations: +(\d+)$/m.exec(said.stdout)?.[1]);
}

test(
  'a hundred steps are type-checked with fewer than 6,000 instantiations each, and their number grows less than squared',
  { timeout: 120_000 },
  async () => {
    const none = await instantiations(runbookOf(0));
    const half = (await instantiations(runbookOf(50))) - none;
    const all = (await instantiations(runbookOf(100))) - none;
    // Less than a second of an idle machine.
    expect(all).toBeLessThan(600_000);
    expect(all / half).toBeLessThan(3.5);
  },
);
