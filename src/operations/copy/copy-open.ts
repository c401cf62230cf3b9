import { filesInUse, planRemoval } from '../../copy/index.ts';
import { StepError } from '../../errors.ts';

/**
 * Refuses a copy that processes stand in, run from or have open: somebody lives on it after all. As an
 * ordinary user one sees one's own processes only.
 *
 * @throws StepError `copy.undo-target-in-use`
 */
export function refuseOpenCopy(folder: string): void {
  const { device, inodes } = planRemoval(folder, new Set(), true);
  const { users } = filesInUse(device, (on, inode) => on === device && inodes.has(inode));
  if (users.length === 0) return;
  const shown = users.slice(0, 5).map(({ pid, name, how }) => `${name} (pid ${pid}) ${how}`);
  const more = users.length > shown.length ? `, and ${users.length - shown.length} more` : '';
  throw new StepError(
    'copy.undo-target-in-use',
    `processes use the copy in ${folder}: ${shown.join(', ')}${more}`,
    'End or restart them, so that they use the old tree again, and roll back again.',
  );
}
