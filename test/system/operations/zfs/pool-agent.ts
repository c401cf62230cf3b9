import { createInterface } from 'node:readline';
import { MigrateError, messageOf } from '../../../../src/errors.ts';
import { thisMachine } from '../../../../src/host/this-machine.ts';
import type { Command, Files } from '../../../../src/runbook/index.ts';

/** A question of the test, in one line of JSON; `abort` ends the one with that number. */
export type Question =
  | { readonly id: number; readonly ask: 'exec'; readonly command: Command; readonly options: object }
  | { readonly id: number; readonly ask: 'spawn'; readonly command: Command; readonly options: object }
  | {
      readonly id: number;
      readonly ask: 'files';
      readonly method: keyof Files;
      readonly args: readonly unknown[];
    }
  | { readonly id: number; readonly ask: 'mounts' }
  | { readonly id: number; readonly ask: 'boot' }
  | { readonly id: number; readonly ask: 'self' }
  | { readonly id: number; readonly ask: 'abort' };

export type Answer =
  | { readonly id: number; readonly line: string; readonly stream: 'stdout' | 'stderr' }
  | { readonly id: number; readonly value?: unknown }
  | {
      readonly id: number;
      readonly error: { code: string; message: string; hint: string | undefined; exitCode: number };
    };

/**
 * Process 1 of the namespaces of a test: it looks at them and runs programs in them as this program would
 * if it ran there. When its standard input closes, because the test has ended or died, it ends, and the
 * kernel ends everything else in the namespace with it.
 */
const host = thisMachine();
const aborts = new Map<number, AbortController>();
const tell = (answer: Answer) => void process.stdout.write(`${JSON.stringify(answer)}\n`);

async function answer(question: Question): Promise<unknown> {
  if (question.ask === 'mounts') return host.mounts();
  if (question.ask === 'boot') return host.boot();
  if (question.ask === 'self') return host.self();
  if (question.ask === 'abort') {
    aborts.get(question.id)?.abort();
    return undefined;
  }
  if (question.ask === 'files') {
    const method = host.files[question.method] as (...args: readonly unknown[]) => Promise<unknown>;
    return method(...question.args);
  }
  const { id, command } = question;
  const controller = new AbortController();
  aborts.set(id, controller);
  const options = {
    run: 'test',
    ...question.options,
    signal: controller.signal,
    onLine: (line: string, stream: 'stdout' | 'stderr') => tell({ id, line, stream }),
  };
  return host[question.ask](command, options).finally(() => aborts.delete(id));
}

process.stdout.write('"ready"\n');
for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line) as Question;
  const { id } = question;
  void answer(question).then(
    (value) => question.ask === 'abort' || tell({ id, value }),
    (thrown: unknown) => {
      const known = thrown instanceof MigrateError ? thrown : undefined;
      const { code = 'test.defect', hint, exitCode = 1 } = known ?? {};
      tell({ id, error: { code, message: messageOf(thrown), hint, exitCode } });
    },
  );
}
process.exit(0);
