import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation } from '../../runbook/index.ts';
import { dataPlace } from './data-place.ts';
import { lookAt } from './look-at.ts';

/**
 * Looks whether a service's data is there: mounted where it should be, by the mount table and the dataset's
 * GUID, not empty, and sound. Only over what is certainly absent may anything be restored, so whatever cannot
 * be seen is an error, and so is data that is there and not sound.
 *
 * Input: `path`, `dataset` or `mountPoint`, `mustHold`, `sqlite`, `postgres`, `owner`.
 * Output: `state` (`present`, `absent` or `partial`), `why`, and the `guid` of the dataset, null where there is none.
 * @throws StepError `restore.unknown`, `restore.damaged`, `restore.no-account`
 */
export const lookForData = operation({
  operation: 'look-for-data',
  version: 1,
  reversal: 'readonly',
  input: dataPlace,
  output: z.object({
    state: z.enum(['present', 'absent', 'partial']),
    why: z.string(),
    guid: z.string().nullable(),
  }),
  idempotent: true,
  preview: async ({ host, input, run }) => {
    const { state, why } = await lookAt(host, input, run.folder);
    return { summary: `${input.path}: ${state}, ${why}`, facts: { state } };
  },
  describe: ({ input }) => `look whether the data is there and sound at ${input.path}`,
  run: async ({ host, input, run }) => {
    const { state, why, guid } = await lookAt(host, input, run.folder);
    if (state === 'unknown') {
      throw new StepError(
        'restore.unknown',
        `whether the data is there at ${input.path} cannot be told: ${why}`,
        'Nothing is restored over what cannot be seen. Mount it or bring its pool in, and start again.',
      );
    }
    if (state === 'damaged') {
      throw new StepError(
        'restore.damaged',
        `the data at ${input.path} is there and not sound: ${why}`,
        `Nothing is restored over it. Look at it; when it shall be replaced, rename it out of the way, and start again.`,
      );
    }
    return { state, why, guid: guid ?? null };
  },
});
