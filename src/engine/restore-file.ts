import { StepError } from '../errors.ts';
import type { Files, RestoreFile } from '../runbook/index.ts';

/**
 * Puts a file back as it was; does nothing when it is so already.
 * @throws StepError `undo.edited` when somebody has changed it since
 */
export async function restoreFile(files: Files, action: RestoreFile): Promise<void> {
  const { restore, content, mode, mtime, expect } = action;
  const now = await files.read(restore);
  if (now === (content ?? undefined) && (await isAsBefore(files, action))) return;
  if (expect !== undefined && now !== expect && now !== (content ?? undefined)) {
    throw new StepError(
      'undo.edited',
      `${restore} was changed by somebody since, so it is not put back`,
      'Put the change aside, restore the file by hand, and settle the step as undone.',
    );
  }
  if (content === null) await files.remove(restore);
  else {
    await files.replace(restore, content, {
      ...(mode === undefined ? {} : { mode }),
      ...(mtime === undefined ? {} : { mtime }),
    });
  }
}

async function isAsBefore(files: Files, { restore, mode, mtime }: RestoreFile): Promise<boolean> {
  const stat = await files.stat(restore);
  if (stat === undefined || stat.kind === 'symlink') return true;
  return (mode === undefined || stat.mode === mode) && (mtime === undefined || stat.mtime === mtime);
}
