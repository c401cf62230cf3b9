import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const migrate = resolve(import.meta.dirname, '../dist/src/cli/migrate.js');

/** A place for runs of a runbook with many steps, each of which needs the one before. */
export interface Place {
  readonly runbook: string;
  /** Of the compiled program, as it is published. */
  readonly migrate: (...args: string[]) => void;
  /** The run that began last. */
  readonly lastRun: () => string;
  remove(): void;
}

/** @param act the body of each step, such as `commands: ({ sh }) => [sh`true`]` */
export function placeFor(folder: string, steps: number, act: string): Place {
  const place = mkdtempSync(join(folder, 'migrate-bench-'));
  const runbook = join(place, 'many.ts');
  const state = join(place, 'state');
  mkdirSync(state, { mode: 0o700 });
  writeFileSync(
    runbook,
    `import { runbook } from 'migrate-runbook';
let chain: any = runbook('many', { summary: 'Many steps' });
for (let step = 0; step < ${steps}; step += 1)
  chain = chain.step(\`s\${step}\`, {
    needs: step === 0 ? [] : [\`s\${step - 1}\`],
    ${act},
    undo: ({ sh }: any) => [sh\`true\`],
  });
export default chain;
`,
  );
  const env = {
    ...process.env,
    NODE_COMPILE_CACHE: join(place, 'cache'),
    MIGRATE_CLAIMS_DIR: join(place, 'claims'),
  };
  return {
    runbook,
    migrate: (...args) =>
      void execFileSync(process.execPath, [migrate, '--state-dir', state, ...args], { env, stdio: 'ignore' }),
    lastRun: () => readdirSync(join(state, 'runs')).toSorted().at(-1) ?? '',
    remove: () => rmSync(place, { recursive: true }),
  };
}
