import { exitCodes, MigrateError, messageOf, type ExitCode } from '../errors.ts';
import { errorDocument } from '../render/documents/error.ts';
import { harmlessJson, harmlessLines } from '../render/harmless.ts';
import { styleFor, wantsColour } from '../render/style.ts';
import { stderr, stdout } from './terminal/process-streams.ts';
import { withStateOption } from './options/state-option.ts';

/** Says what went wrong and the way out, to a person on standard error or to a program on standard output. */
export function reportFailure(
  thrown: unknown,
  options: { readonly json: boolean; readonly verbose: boolean; readonly stateDir: string | undefined },
): ExitCode {
  const known = thrown instanceof MigrateError ? thrown : undefined;
  const exitCode = known?.exitCode ?? exitCodes.stepFailed;
  const hint =
    known === undefined
      ? 'This is a defect of migrate itself. Nothing further was begun.'
      : known.hint && withStateOption(known.hint, options.stateDir);
  const code = known?.code ?? 'defect';
  if (options.json) {
    stdout.write(
      `${harmlessJson(errorDocument.parse({ type: 'error', code, message: messageOf(thrown), hint, exitCode }))}\n`,
    );
    return exitCode;
  }
  const style = styleFor(
    wantsColour({ terminal: process.stderr.isTTY, wanted: true, environment: process.env }),
  );
  const [first = '', ...more] = harmlessLines(messageOf(thrown));
  const lines = [`${style('bad', 'error:')} ${first}`, ...more];
  if (hint !== undefined) lines.push(...harmlessLines(hint));
  if (thrown instanceof Error && (known === undefined || options.verbose)) {
    lines.push(...harmlessLines(thrown.stack ?? '').map((line) => style('faint', line)));
  }
  stderr.write(`${lines.join('\n')}\n`);
  return exitCode;
}

/** The same for what commander found wrong with the arguments, which it has told a person already. */
export function reportUsage(said: string, json: boolean): ExitCode {
  if (json) {
    const [message = '', ...rest] = said.trim().split('\n');
    const hint = rest.join('\n').trim();
    const document = {
      type: 'error',
      code: 'usage',
      message: message.replace(/^error: /, ''),
      ...(hint === '' ? {} : { hint }),
      exitCode: exitCodes.usage,
    };
    stdout.write(`${harmlessJson(errorDocument.parse(document))}\n`);
  }
  return exitCodes.usage;
}
