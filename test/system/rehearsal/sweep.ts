import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import {
  crashCoverageDocument,
  type CrashCoverageDocument,
} from '../../../src/render/documents/crash-coverage.ts';
import { crashCoverageText } from '../../../src/render/text/crash-coverage.ts';
import { builtProgram, placeForWorlds } from '../../rehearsal/built-program.ts';

/**
 * Sweeps with the built program in a temp folder of its own, prints the table, and sees that nothing is left.
 *
 * @param runbook an id, or the path of a file
 * @param flags of `migrate rehearse RUNBOOK --crash everywhere --json`
 * @param as arguments of setpriv, for another user
 */
export async function sweep(
  runbook: string,
  flags: readonly string[],
  as: readonly string[] = [],
): Promise<CrashCoverageDocument> {
  const migrate = join(await builtProgram(), 'dist/src/cli/migrate.js');
  const folder = mkdtempSync(join(as.length === 0 ? placeForWorlds() : tmpdir(), 'everywhere-'));
  chmodSync(folder, 0o777);
  try {
    const command = [
      process.execPath,
      migrate,
      'rehearse',
      runbook,
      '--crash',
      'everywhere',
      '--json',
      ...flags,
    ];
    const argv = as.length === 0 ? command : ['setpriv', ...as, ...command];
    const env = { ...process.env, TMPDIR: folder, HOME: folder };
    const child = spawn(argv[0] ?? '', argv.slice(1), { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    await new Promise((resolve) => child.once('close', resolve));
    const last = out.trimEnd().split('\n').at(-1) ?? '';
    const document = crashCoverageDocument.safeParse(JSON.parse(last));
    if (!document.success) throw new Error(last);
    console.log(crashCoverageText(document.data, (_, text) => text));
    expect(readdirSync(folder).filter((name) => name.startsWith('migrate-world-'))).toEqual([]);
    return document.data;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
