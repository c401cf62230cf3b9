import { identify } from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import type { UndoContext } from '../../runbook/index.ts';
import { requireMounted } from '../mounts/require-mount.ts';
import { isLocalCopy, type CopyInput, type GivenCopyInput } from './copy-input.ts';
import { refuseDamagedSource, settleNews } from './copy-news.ts';
import { distrust, forget } from './copy-records.ts';
import { isGone, refuseOpen, refuseWrongTarget, removeCopy } from './copy-removal.ts';
import { withSides } from './copy-sides.ts';
import type { CopyCaptured } from './copy-state.ts';
import { refuseFarLoss, refuseFarNews } from './far-news.ts';

type Context = UndoContext<unknown, unknown, GivenCopyInput, CopyCaptured>;

/**
 * Takes a copy back, on whichever machines it is: removes what this run made, and nothing else, once the source is
 * seen to be whole. Between machines what was written to the copy since is not carried back, so that a copy which
 * was written to stays.
 *
 * @throws StepError `copy.undo-other-target`, `copy.undo-target-in-use`, `copy.undo-source-lost`,
 *   `copy.undo-holds-news` unless somebody has decided what becomes of it, those of `settleNews`, `far.*`
 */
export async function undoCopy(context: Context): Promise<void> {
  const { host, signal, run, input, captured, log } = context;
  await withSides({ host, signal, scratch: run.folder }, input, async (sides) => {
    const { to } = sides;
    const news = isLocal(context)
      ? newsHere(context)
      : {
          left: 'this pass did not make it',
          beforeLeaving: () => refuseFarNews(sides, context),
          beforeRemoving: () => refuseFarLoss(sides, context),
        };
    if (input.expectMount !== undefined) await requireMounted(to.host, input.expectMount);
    if (captured.target === 'ours' || captured.target === 'existing') {
      // The next final pass would remove from the copy what was written to it since.
      await news.beforeLeaving();
      await distrust(context);
      log(`${to.place} is left as it is: ${news.left}`);
      return;
    }
    if (!(await isGone(sides, context))) {
      await refuseWrongTarget(sides, context);
      await news.beforeRemoving();
      await refuseOpen(to);
      // Until here all may be repeated; from here on the rest is removed whatever is left of it.
      await removeCopy(to, context);
    }
    await forget(context);
  });
}

type Here = UndoContext<unknown, unknown, CopyInput, CopyCaptured>;

function isLocal(context: Context): context is Here {
  return isLocalCopy(context.input);
}

/** What becomes of later writes where both sides are on this machine. */
function newsHere(context: Here) {
  const { input, captured } = context;
  return {
    left: captured.target === 'ours' ? 'an earlier pass made it' : 'it held something before this run',
    beforeLeaving: async () => {
      if (identify(input.to) !== undefined) await settleNews(context);
    },
    beforeRemoving: async () => {
      await refuseDamagedSource(context);
      if (await settleNews(context)) return;
      await distrust(context);
      throw new StepError(
        'copy.undo-holds-news',
        `${input.to} holds what ${input.from} does not, so it is kept until somebody decides`,
        `What it is stands in the log of this step. Decide with --later-writes carry-back or --later-writes drop; or keep it, and settle this step as undone.`,
      );
    },
  };
}
