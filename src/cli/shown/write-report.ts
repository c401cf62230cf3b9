import { resolve } from 'node:path';
import { UsageError } from '../../errors.ts';
import { systemFiles } from '../../host/files.ts';

/**
 * Writes a report into a file, whole or not at all.
 * @throws UsageError `report.exists` for a file that is there, without `force`; `report.place` for what is no file, or
 *   a folder that is not there; StepError `files.*` when it cannot be written
 */
export async function writeReport(output: string, text: string, force: boolean): Promise<void> {
  const file = resolve(output);
  const folder = await systemFiles.realPath(resolve(file, '..'));
  const there = await systemFiles.stat(file);
  if (folder === undefined || there?.kind === 'folder' || there?.kind === 'other') {
    throw new UsageError(
      'report.place',
      folder === undefined ? `there is no folder for ${file}` : `${file} is no file`,
      'Name a file in a folder that is there: --output report.html',
    );
  }
  if (there !== undefined && !force) {
    throw new UsageError(
      'report.exists',
      `${file} is already there, and is not replaced`,
      'Name another file, or say --force.',
    );
  }
  await systemFiles.replace(file, text);
}
