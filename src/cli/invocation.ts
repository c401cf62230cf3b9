import type { Ports } from '../engine/index.ts';
import type { ExitCode } from '../errors.ts';
import type { DieHalfway } from '../host/journal-file.ts';
import type { Verbosity } from '../render/renderer.ts';
import type { Clock } from '../runbook/index.ts';

/** What a rehearsal or a test puts in place of the real thing. */
export interface Overrides {
  readonly clock?: Clock;
  readonly crashPoint?: Ports['crashPoint'];
  /** A rehearsal does what a unit would, which goes on after a boot. */
  readonly resumesByItself?: boolean;
  /** Leave with exit code 3 where somebody must confirm, who is outside of the rehearsal. */
  readonly leaveUnconfirmed?: boolean;
  /** Run steps of which nobody has decided yet how they are undone. */
  readonly takesUndecided?: boolean;
  readonly dieHalfway?: DieHalfway;
  /** What happens in a rehearsal is no news to anybody. */
  readonly tellsNobody?: boolean;
  /** The run is thrown away with its world, so nobody can type the commands that would go on or back. */
  readonly tellsNoWay?: boolean;
}

/** One call of the program, from its arguments to its exit code. */
export interface Invocation {
  readonly overrides: Overrides;
  /** Set by the command that ran. */
  exitCode: ExitCode;
}

/** The options that every command understands, as the operator gave them. */
export interface Globals {
  readonly stateDir: string | undefined;
  readonly json: boolean;
  readonly verbosity: Verbosity;
  /** False with `--no-color`; whether there is colour also depends on where output goes. */
  readonly colour: boolean;
  /** False with `--no-input`; whether anybody can be asked also depends on the terminal. */
  readonly input: boolean;
}

/** The same as commander holds them. */
export interface GlobalOptions {
  readonly stateDir?: string | undefined;
  readonly json?: true | undefined;
  readonly quiet?: true | undefined;
  readonly verbose?: true | undefined;
  readonly color: boolean;
  readonly input: boolean;
}

export function globalsOf(options: GlobalOptions): Globals {
  return {
    stateDir: options.stateDir,
    json: options.json === true,
    verbosity: options.quiet === true ? 'quiet' : options.verbose === true ? 'verbose' : 'normal',
    colour: options.color,
    input: options.input,
  };
}
