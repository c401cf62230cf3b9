import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { absolutePath, operation, type Host } from '../../runbook/index.ts';
import { quote, replaceOnce } from './replacement.ts';
import { applyEdit, planEdit, probeEdit, undoEdit, verifyEdit, type TextEdit } from './text-edit.ts';

const replacement = z
  .strictObject({ from: z.string().min(1), to: z.string() })
  .refine(({ from, to }) => from !== to, { error: '`from` and `to` are the same text' });
const input = z.strictObject({
  path: absolutePath,
  replace: z.union([replacement, z.array(replacement).min(1).readonly()]),
});
type Input = z.output<typeof input>;

/**
 * Replaces an exact text, which the file must hold exactly once; or several, one after the other, and the
 * file is written once. The file's whole text goes into the journal, so give no file that holds secrets.
 *
 * Input: `path` of an UTF-8 file of at most 1 MiB; `replace`, the text and what it becomes, or a list.
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
    const lines = listOf(input).map(({ from }) => (original ?? '').split(from)[0]?.split('\n').length ?? 1);
    return {
      summary: `${path}, ${listOf(input)
        .map(({ from, to }, index) => `line ${lines[index]}: ${quote(from)} becomes ${quote(to)}`)
        .join('; ')}`,
      facts: { path, line: lines[0] ?? 1, changes: true },
    };
  },
  describe: ({ input }) =>
    `in ${input.path}, replace ${listOf(input)
      .map(({ from, to }) => `${quote(from)} by ${quote(to)}`)
      .join(', and ')}`,
  run: ({ host, captured }) => applyEdit(host, captured),
  verify: ({ host, captured }) => verifyEdit(host, captured),
  undo: ({ captured }) => undoEdit(captured),
});

function listOf({ replace }: Pick<Input, 'replace'>) {
  return 'from' in replace ? [replace] : replace;
}

function plan(host: Host, { path, replace }: Input): Promise<TextEdit> {
  return planEdit(host, path, (text) => {
    if (text === undefined)
      throw new StepError(
        'edit.no-file',
        `there is no file ${path} to edit`,
        'Correct the path, or mount what it lies on.',
      );
    return listOf({ replace }).reduce((now, one) => replaceOnce(now, { ...one, path }), text);
  });
}
