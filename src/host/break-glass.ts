import { constants } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BreakGlassPort } from '../engine/ports.ts';
import { messageOf, StateError } from '../errors.ts';
import { replaceDurably, syncFolder } from './durable.ts';
import { here } from './lock-owner.ts';

/** `undo.sh` in a run's folder, and what it leaves there when it was run. */
export function breakGlassIn(folder: string): BreakGlassPort {
  const [script, done, reboot] = ['undo.sh', 'undo.done', 'undo.reboot'].map((name) => join(folder, name));
  const files = { script, done, reboot } as Record<'script' | 'done' | 'reboot', string>;
  return {
    machine: async () => ({ machineId: (await here()).machineId, user: process.getuid?.() ?? 0 }),
    async write(text) {
      try {
        await replaceDurably(files.script, text, (_, handle) => handle.chmod(0o700));
      } catch (error) {
        throw cannotWrite(files.script, text, error);
      }
    },
    async append(text, seal) {
      try {
        // Not created: what is gone must be written whole.
        const handle = await open(files.script, constants.O_WRONLY | constants.O_APPEND);
        try {
          await handle.writeFile(text);
          await handle.datasync();
          await handle.writeFile(seal);
          await handle.datasync();
        } finally {
          await handle.close();
        }
      } catch (error) {
        throw cannotWrite(files.script, text, error);
      }
    },
    marks: async () => ({ done: await textOf(files.done), reboot: await textOf(files.reboot) }),
    async forgetMarks() {
      await rm(files.done, { force: true });
      await rm(files.reboot, { force: true });
      await syncFolder(folder);
    },
  };
}

function cannotWrite(script: string, text: string, error: unknown): StateError {
  const { code } = error as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new StateError(
    'journal.no-undo-script',
    `${script}, which takes this run back by hand, cannot be written: ${messageOf(error)}`,
    full
      ? `Free ${Buffer.byteLength(text)} bytes and more on the file system of ${dirname(script)}, then resume the run. The step was not begun.`
      : 'Mend the cause, then resume the run. The step was not begun.',
    error,
  );
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new StateError('state.unreadable', `${file} cannot be read: ${messageOf(error)}`, undefined, error);
  }
}
