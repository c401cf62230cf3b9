import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { StepError } from '../errors.ts';

/**
 * The absolute path of a program. Relative entries of PATH are skipped: nothing that lies in the
 * current folder by chance is ever run.
 *
 * @throws StepError `command.missing` naming the program.
 */
export async function findProgram(program: string, path: string | undefined, cwd: string): Promise<string> {
  if (program.includes('/')) {
    const file = resolve(cwd, program);
    if (await isProgram(file)) return file;
    throw new StepError('command.missing', `there is no program ${file}, or it may not be executed`);
  }
  const folders = (path ?? '').split(':').filter((folder) => isAbsolute(folder));
  for (const folder of folders) {
    const file = join(folder, program);
    if (await isProgram(file)) return file;
  }
  throw new StepError(
    'command.missing',
    `the program ${program} is not installed, or not in PATH`,
    `Install it, or add its folder to PATH, which is ${path === undefined ? 'not set' : path}.`,
  );
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
