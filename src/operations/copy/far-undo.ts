import { isPlaceholder, type CapturedContext, type UndoNeedAnswer } from '../../runbook/index.ts';
import { placeText } from '../far/far-place.ts';
import { requireMounted } from '../mounts/require-mount.ts';
import type { GivenCopyInput } from './copy-input.ts';
import { isTheSource } from './copy-removal.ts';
import { withSide } from './copy-sides.ts';
import type { CopyCaptured } from './copy-state.ts';

type Captured = CapturedContext<unknown, unknown, GivenCopyInput, CopyCaptured>;

export const diskOfCopy = 'the disk of the copy';

/** Whether the copy can be reached, and lies on its disk. */
export async function farDiskNeed({ host, signal, input }: Captured): Promise<UndoNeedAnswer> {
  return withSide<UndoNeedAnswer>({ host, signal }, input.to, async (to) => {
    if (input.expectMount !== undefined) await requireMounted(to.host, input.expectMount);
    return true;
  });
}

/** Whether the tree that was copied can be reached, and stands in its place. */
export async function farTreeNeed({ host, signal, input, captured }: Captured): Promise<UndoNeedAnswer> {
  if (captured.target === 'ours' || captured.target === 'existing') return true;
  return withSide<UndoNeedAnswer>({ host, signal }, input.from, async (from) => {
    if (await isTheSource(from, captured)) return true;
    return `${from.place} is not the tree that was copied`;
  });
}

/** Another machine is not asked from a rescue shell. */
export function undoFarByHand({ input, captured }: Captured): readonly [] | string {
  if (!isPlaceholder(captured) && (captured.target === 'ours' || captured.target === 'existing')) return [];
  return `remove the copy in ${placeText(input.to)}, once ${placeText(input.from)} is seen to be whole and nothing was written to the copy since`;
}
