import { dirname } from 'node:path';
import { StateError } from '../errors.ts';
import { quoteWord } from '../runbook/command.ts';
import type { FileStat } from '../runbook/index.ts';
import { systemFiles } from './files.ts';
import type { RunFolder } from './runs.ts';

const groupWritable = 0o020;
const worldWritable = 0o002;

export interface NotOwn {
  readonly why: string;
  readonly mend: string;
}

/** Why others could have put into a folder what this user would then believe, or run. */
export function whyNotOwn(folder: string, stat: FileStat, uid: number): NotOwn | undefined {
  const { kind, mode, gid } = stat;
  if (kind === 'symlink') {
    return {
      why: 'it is a symlink, which may point elsewhere tomorrow',
      mend: 'Give the place it points to.',
    };
  }
  if (kind !== 'folder') return { why: 'it is no folder', mend: 'Give a folder.' };
  if (stat.uid !== uid) {
    return {
      why: `it belongs to the user ${stat.uid}, not to ${uid} who runs this`,
      mend: `Run this as the user ${stat.uid}.`,
    };
  }
  // The group of that number is by convention the user's own.
  const group = (mode & groupWritable) !== 0 && gid !== uid;
  const world = (mode & worldWritable) !== 0;
  if (!group && !world) return undefined;
  return {
    why: `${world ? 'everybody' : `the group ${gid}`} may write there (mode ${mode.toString(8)})`,
    mend: `See what lies there and whose it is, then: chmod go-rwx ${quoteWord(folder)}`,
  };
}

/**
 * Proves before anything of a run is believed or its runbook is loaded that only this user can have written it.
 * @throws StateError `state.unsafe`
 */
export async function demandOwnRun({ folder }: RunFolder, uid = process.getuid?.() ?? 0): Promise<void> {
  const runs = dirname(folder);
  for (const each of [dirname(runs), runs, folder]) {
    // oxlint-disable-next-line no-await-in-loop -- from the outermost
    const stat = await systemFiles.stat(each);
    const found = stat && whyNotOwn(each, stat, uid);
    if (found === undefined) continue;
    throw new StateError(
      'state.unsafe',
      `the state in ${each} cannot be trusted: ${found.why}`,
      `${found.mend} Nothing of it was run.`,
    );
  }
}
