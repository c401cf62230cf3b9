import { messageOf } from '../errors.ts';
import type { AskedCommand, RecordedEvidence } from '../journal/evidence.ts';
import { commandFailed, isAccepted, type Command, type Host } from '../runbook/index.ts';
import type { EngineHost } from './ports.ts';

/** Characters of each stream that are kept: its end, where programs say what became of it. */
const keptChars = 2_000;
/** Characters of one argument, such as a whole script. */
const keptArgument = 500;
const keptArguments = 100;
/** Commands of one check; the earliest are left out. */
const keptCommands = 40;

/** A machine that remembers which commands it was asked to run. */
export interface Witness {
  readonly host: Host;
  /** What was run so far; nothing when no command was. */
  readonly evidence: () => RecordedEvidence | undefined;
  /** Hides the run's secrets in a text. */
  readonly hide: (text: string) => string;
}

/** The same machine under the eyes of a witness, whatever a check does with the answers. */
export async function witness(host: EngineHost): Promise<Witness> {
  const hide = await host.hiding();
  const asked: AskedCommand[] = [];
  let omitted = 0;
  const begin = (command: Command): AskedCommand => {
    const entry = { argv: shownArgv(command, hide), exitCode: null, ms: 0, stdout: '', stderr: '' };
    asked.push(entry);
    if (asked.length > keptCommands) {
      asked.shift();
      omitted += 1;
    }
    return entry;
  };
  return {
    hide,
    host: {
      ...host,
      exec: async (command, options = {}) => {
        const began = host.clock.now().monotonic;
        const entry = begin(command);
        try {
          const result = await host.exec(command, { ...options, anyExit: true });
          const [stdout, stderr] = [endOf(hide(result.stdout)), endOf(hide(result.stderr))];
          entry.exitCode = result.exitCode;
          if (result.signal !== undefined) entry.signal = result.signal;
          [entry.stdout, entry.stderr] = [stdout.end, stderr.end];
          const cut = stdout.cut + stderr.cut;
          if (cut > 0) entry.cutChars = cut;
          if (options.anyExit === true || isAccepted(command, result)) return result;
          throw commandFailed(command, { ...result, stdout: hide(result.stdout) });
        } catch (thrown) {
          if (entry.exitCode === null && entry.signal === undefined)
            entry.error = endOf(hide(messageOf(thrown))).end;
          throw thrown;
        } finally {
          entry.ms = Math.max(0, Math.round(host.clock.now().monotonic - began));
        }
      },
    },
    evidence: () =>
      asked.length === 0
        ? undefined
        : { commands: structuredClone(asked), ...(omitted === 0 ? {} : { omitted }) },
  };
}

function shownArgv({ argv }: Command, hide: (text: string) => string): string[] {
  const shown = argv.slice(0, keptArguments).map((argument) => {
    const text = hide(String(argument));
    return text.length <= keptArgument ? text : `${text.slice(0, keptArgument)}…`;
  });
  return argv.length <= keptArguments ? shown : [...shown, `… and ${argv.length - keptArguments} more`];
}

/** The end of a text, from the beginning of a line where there is one, without white space behind it. */
function endOf(text: string): { readonly end: string; readonly cut: number } {
  const whole = text.trimEnd();
  if (whole.length <= keptChars) return { end: whole, cut: 0 };
  const end = whole.slice(-keptChars);
  const line = end.indexOf('\n') + 1;
  const kept = line > 0 && line < keptChars / 2 ? end.slice(line) : end;
  // Half of a surrogate pair is no text.
  const sound = kept.toWellFormed();
  return { end: sound, cut: whole.length - sound.length };
}
