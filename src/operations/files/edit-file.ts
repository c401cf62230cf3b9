import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { absolutePath, operation, type Host } from '../../runbook/index.ts';
import { quote, replaceOnce } from './replacement.ts';
import { applyEdit, planEdit, probeEdit, undoEdit, verifyEdit, type TextEdit } from './text-edit.ts';

const input = z.strictObject({
  path: absolutePath,
  replace: z
    .strictObject({ from: z.string().min(1), to: z.string() })
    .refine(({ from, to }) => from !== to, { error: '`from` and `to` are the same text' }),
});

/**
 * Replaces an exact text, which the file must hold exactly once. The file's whole text goes into the
 * journal, so give no file that holds secrets.
 *
 * Input: `path` of an UTF-8 file of at most 1 MiB; `replace`, the text and what it becomes.
 * @throws StepError `edit.not-once`, `edit.changed`, and those of `planEdit`
 */
export const editFile = operation({
  operation: 'edit-file',
  version: 1,
  reversal: 'undo',
  input,
  capture: ({ host, input }) => plan(host, input),
  probe: ({ host, captured }) => probeEdit(host, captured),
  idempotent: true,
  preview: async ({ host, input }) => {
    const { path, original, edited } = await plan(host, input);
    if (original === edited) return { summary: `${path} is already so`, facts: { path, changes: false } };
    const line = (original ?? '').split(input.replace.from)[0]?.split('\n').length ?? 1;
    return {
      summary: `${path}, line ${line}: ${quote(input.replace.from)} becomes ${quote(input.replace.to)}`,
      facts: { path, line, changes: true },
    };
  },
  describe: ({ input }) =>
    `in ${input.path}, replace ${quote(input.replace.from)} by ${quote(input.replace.to)}`,
  run: ({ host, captured }) => applyEdit(host, captured),
  verify: ({ host, captured }) => verifyEdit(host, captured),
  undo: ({ captured }) => undoEdit(captured),
});

function plan(host: Host, { path, replace }: z.output<typeof input>): Promise<TextEdit> {
  return planEdit(host, path, (text) => {
    if (text === undefined)
      throw new StepError(
        'edit.no-file',
        `there is no file ${path} to edit`,
        'Correct the path, or mount what it lies on.',
      );
    return replaceOnce(text, { ...replace, path });
  });
}
