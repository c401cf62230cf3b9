import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { absolutePath, operation, type Host } from '../../runbook/index.ts';
import { quote } from './replacement.ts';
import { applyEdit, planEdit, probeEdit, undoEdit, verifyEdit, type TextEdit } from './text-edit.ts';

const input = z.strictObject({
  path: absolutePath,
  text: z.string().min(1),
  /** Make the file when there is none; false when left out. */
  create: z.boolean().optional(),
});

/**
 * Appends lines to a file, once: nothing happens when the file already ends with them. The file's whole
 * text goes into the journal, so give no file that holds secrets.
 *
 * @throws StepError `edit.no-file`, `edit.changed`, and those of `planEdit`
 */
export const appendToFile = operation({
  operation: 'append-to-file',
  version: 1,
  reversal: 'undo',
  input,
  capture: ({ host, input }) => plan(host, input),
  probe: ({ host, captured }) => probeEdit(host, captured),
  idempotent: true,
  preview: async ({ host, input }) => {
    const { path, original, edited } = await plan(host, input);
    const changes = original !== edited;
    return {
      summary: changes ? `${path} gets ${quote(input.text)} at its end` : `${path} already ends so`,
      facts: { path, changes },
    };
  },
  describe: ({ input }) => `append ${quote(input.text)} to ${input.path}`,
  run: ({ host, captured }) => applyEdit(host, captured),
  verify: ({ host, captured }) => verifyEdit(host, captured),
  undo: ({ captured }) => undoEdit(captured),
});

function plan(host: Host, { path, text, create }: z.output<typeof input>): Promise<TextEdit> {
  const lines = text.endsWith('\n') ? text : `${text}\n`;
  return planEdit(host, path, (old) => {
    if (old === undefined && create !== true) {
      throw new StepError(
        'edit.no-file',
        `there is no file ${path} to append to`,
        'Correct the path, or say create: true.',
      );
    }
    const whole = old === undefined || old === '' || old.endsWith('\n') ? (old ?? '') : `${old}\n`;
    return whole === lines || whole.endsWith(`\n${lines}`) ? (old ?? '') : whole + lines;
  });
}
