import { StepError } from '../errors.ts';
import { issueText, type BreakGlassCommand, type Command, type UndoAction } from '../runbook/index.ts';
import { breakGlassCommandSchema, commandSchema, undoActionSchema } from '../journal/recorded-undo.ts';

/**
 * Commands as a step gave them, copied, so that what is recorded is what is done.
 * @throws StepError `step.commands` for what is no command: nobody checked the types of a runbook
 */
export function checkedCommands(step: string, given: unknown): readonly Command[] {
  const parsed = commandSchema.array().safeParse(given);
  if (parsed.success) return structuredClone(parsed.data) as unknown as readonly Command[];
  throw faulty('step.commands', `the commands of step "${step}" are none`, parsed.error.issues);
}

/** @throws StepError `step.undo` for what is neither a command nor a file to restore */
export function checkedUndo(step: string, given: unknown): readonly UndoAction[] {
  const parsed = undoActionSchema.array().safeParse(given);
  if (parsed.success) return structuredClone(parsed.data) as unknown as readonly UndoAction[];
  throw faulty('step.undo', `the undo of step "${step}" is no list of actions`, parsed.error.issues);
}

/** @throws StepError `step.break-glass` for what is neither a command nor a guard that there is */
export function checkedBreakGlass(step: string, given: unknown): readonly BreakGlassCommand[] {
  const parsed = breakGlassCommandSchema.array().safeParse(given);
  if (parsed.success) return structuredClone(parsed.data) as unknown as readonly BreakGlassCommand[];
  throw faulty(
    'step.break-glass',
    `the breakGlass of step "${step}" is no list of commands`,
    parsed.error.issues,
  );
}

function faulty(code: string, what: string, issues: readonly Parameters<typeof issueText>[0][]): StepError {
  return new StepError(
    code,
    `${what}: ${issues.map((issue) => issueText(issue)).join('; ')}`,
    'Build each with the sh template, or give { argv: [program, …] }.',
  );
}
