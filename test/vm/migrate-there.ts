import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { JournalEvent } from '../../src/journal/event.ts';
import type { CommandResult } from '../../src/runbook/index.ts';
import { node, type Machine } from './nspawn.ts';

const checkout = resolve(import.meta.dirname, '../..');
const program = join(checkout, 'src/cli/migrate.ts');

export const runbookOf = (name: string) => join(checkout, 'test/vm/runbooks', `${name}.ts`);

/** Calls the real program in a machine, as root, without a terminal. */
export function migrateThere(machine: Machine, ...args: readonly string[]): Promise<CommandResult> {
  return machine.host.exec({ argv: [node, program, ...args] }, { anyExit: true });
}

/** The same as words for another program of the machine, such as ssh. */
export const migrateWords = [node, program] as const;

/** The journal of the only run of a runbook, read from outside, also in the middle of a line or of a boot. */
export function journalThere(machine: Machine, runbook: string, state = '/var/lib/migrate'): JournalEvent[] {
  const runs = join(machine.root, state, 'runs');
  try {
    const run = readdirSync(runs).find((name) => name.startsWith(`${runbook}-`));
    const lines = readFileSync(join(runs, run ?? '', 'journal.jsonl'), 'utf8').split('\n');
    return lines.slice(0, -1).map((line) => JSON.parse(line) as JournalEvent);
  } catch {
    return [];
  }
}

/** Waits for what is not this test's to hasten. @throws Error naming it after three minutes */
export async function until<Value>(
  what: string,
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
): Promise<Value> {
  for (const end = performance.now() + 180_000; performance.now() < end;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((done) => setTimeout(done, 30));
  }
  throw new Error(`after three minutes still not: ${what}`);
}
