import { constants, readFileSync } from 'node:fs';
import { access, realpath, stat, statfs } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { StepError } from '../errors.ts';

const worldWritable = 0o002;
// Of linux/magic.h: 9p and virtiofs, by which WSL shows the disks of Windows. All there looks writable for everybody.
const withoutModes: readonly number[] = [0x01021997, 0x6a656a63];

/**
 * The absolute path of a program. Relative entries of PATH are skipped: nothing that lies in the
 * current folder by chance is ever run. A program that PATH leads to is refused when others could have put
 * it there; one that is named by its path is its author's choice.
 *
 * @throws StepError `command.missing` naming the program; `command.unsafe` naming the folder and whose it is.
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
    if (!(await isProgram(file))) continue;
    await demandSafe(program, file);
    return file;
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

async function demandSafe(program: string, file: string): Promise<void> {
  const real = await realpath(file);
  for (const each of new Set([dirname(file), dirname(real), real])) {
    // oxlint-disable-next-line no-await-in-loop -- three at most
    const why = await whyUnsafe(each);
    if (why === undefined) continue;
    throw new StepError(
      'command.unsafe',
      `${program} is not run: PATH leads to ${file}, and ${why}, so that it may be anything`,
      `Take ${dirname(file)} out of PATH, or see to it that nobody else may write there.`,
    );
  }
}

async function whyUnsafe(path: string): Promise<string | undefined> {
  const { mode, uid } = await stat(path);
  const open = (mode & worldWritable) !== 0;
  const foreign = uid !== 0 && isRootOfMachine();
  if (!open && !foreign) return undefined;
  if (withoutModes.includes((await statfs(path)).type)) return undefined;
  return open ? `everybody may write ${path}` : `${path} belongs to the user ${uid}, who is not root`;
}

/** Root of a user namespace sees the files of the machine's root as those of nobody. */
function isRootOfMachine(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
  } catch {
    return true;
  }
}
