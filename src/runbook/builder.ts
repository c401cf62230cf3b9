import type { z } from 'zod';
import type { OutputOf, Schema } from './body.ts';
import type { ConfirmGate, ManualGate, RebootGate, SoakGate } from './gate.ts';
import type { Reversal } from './operation.ts';
import type { RunbookOptions } from './runbook.ts';
import type { CheckStep, Done, Finding, InlineStep, OperationStep, OutputsOf, StepOptions } from './step.ts';
import type { RunbookTypeError } from './type-error.ts';

type NewId<Id extends string, Steps> = Id extends keyof Steps
  ? RunbookTypeError<`the step id "${Id}" is used twice in this runbook`>
  : Id;
type InputOf<Input extends z.ZodObject | undefined> = Input extends z.ZodObject ? z.output<Input> : undefined;
/**
 * What one step gives to those that need it; it may be missing when the step has a `when`. The sum of the
 * steps is written out where it is needed: under a name of its own it would nest, and a chain of 90 steps
 * be too deep for the compiler.
 */
type Gives<Id extends string, Output, When extends boolean> = {
  readonly [K in Id]: [When] extends [never] ? Output : Output | undefined;
};
type Prefixed<Steps, Prefix extends string> = {
  readonly [K in keyof Steps & string as `${Prefix}-${K}`]: Steps[K];
};

/** Parsed parameters. Of a runbook without any, so that reading one is an error and not `never`. */
type ParamsOf<Params extends z.ZodObject> =
  z.output<Params> extends Record<string, never> ? Readonly<Record<never, never>> : z.output<Params>;

/** One call of the chain, unchecked: a runbook's types are stripped, not verified, when it is loaded. */
export interface Entry {
  readonly kind: 'step' | 'check' | 'confirm' | 'manual' | 'reboot' | 'soak' | 'use';
  readonly id: unknown;
  readonly phase: string | undefined;
  readonly definition: unknown;
}

export interface Collected {
  readonly id: unknown;
  readonly options: unknown;
  readonly entries: readonly Entry[];
}

// Registered globally, so that a runbook is known for one even when it imported another copy of this package.
const collected = Symbol.for('migrate-runbook.collected');

/** The chain in which a runbook is written. Every method gives the chain with one step more. */
export class RunbookBuilder<in out Params, in out Steps extends Done> {
  readonly [collected]: Collected;
  readonly #phase: string | undefined;

  constructor(content: Collected, phase?: string) {
    this[collected] = content;
    this.#phase = phase;
  }

  /** Names the group under which the following steps are shown. */
  phase(title: string): RunbookBuilder<Params, Steps> {
    return new RunbookBuilder(this[collected], title);
  }

  /** A unit of work: inline, or an operation in `use` with its input in `with`. */
  step<
    const Id extends string,
    const Needs extends keyof Steps & string = never,
    const When extends boolean = never,
    const Input = undefined,
    Captured = undefined,
    Output extends Schema = undefined,
    const R extends Reversal = never,
  >(
    id: Id & NewId<Id, Steps>,
    definition:
      | OperationStep<Params, Steps, Needs, When, Input, Captured, Output, R>
      | InlineStep<Params, Steps, Needs, When, Captured, Output>,
  ): RunbookBuilder<Params, Steps & Gives<Id, OutputOf<Output>, When>> {
    return this.#add('step', id, definition);
  }

  /** A validation with a verdict and its evidence; FAIL fails it, BLOCKED does not. */
  check<
    const Id extends string,
    const Needs extends keyof Steps & string = never,
    const When extends boolean = never,
  >(
    id: Id & NewId<Id, Steps>,
    definition: CheckStep<Params, Steps, Needs, When>,
  ): RunbookBuilder<Params, Steps & Gives<Id, Finding, When>> {
    return this.#add('check', id, definition);
  }

  /** A gate that the operator opens by agreeing; `--yes` agrees too. */
  confirm<
    const Id extends string,
    const Needs extends keyof Steps & string = never,
    const When extends boolean = never,
    Input extends z.ZodObject | undefined = undefined,
  >(
    id: Id & NewId<Id, Steps>,
    definition: StepOptions<Params, Steps, Needs, When> & ConfirmGate<Params, OutputsOf<Steps, Needs>, Input>,
  ): RunbookBuilder<Params, Steps & Gives<Id, InputOf<Input>, When>> {
    return this.#add('confirm', id, definition);
  }

  /** A gate for work that only a person can do; nothing but a person's word (or its probe) opens it. */
  manual<
    const Id extends string,
    const Needs extends keyof Steps & string = never,
    const When extends boolean = never,
    Input extends z.ZodObject | undefined = undefined,
  >(
    id: Id & NewId<Id, Steps>,
    definition: StepOptions<Params, Steps, Needs, When> & ManualGate<Params, OutputsOf<Steps, Needs>, Input>,
  ): RunbookBuilder<Params, Steps & Gives<Id, InputOf<Input>, When>> {
    return this.#add('manual', id, definition);
  }

  /** A gate that opens when the machine has booted again. */
  reboot<
    const Id extends string,
    const Needs extends keyof Steps & string = never,
    const When extends boolean = never,
  >(
    id: Id & NewId<Id, Steps>,
    definition: StepOptions<Params, Steps, Needs, When> & RebootGate<Params, OutputsOf<Steps, Needs>>,
  ): RunbookBuilder<Params, Steps & Gives<Id, undefined, When>> {
    return this.#add('reboot', id, definition);
  }

  /** A gate that opens after `min` of observed healthy time. */
  soak<
    const Id extends string,
    const Needs extends keyof Steps & string = never,
    const When extends boolean = never,
  >(
    id: Id & NewId<Id, Steps>,
    definition: StepOptions<Params, Steps, Needs, When> &
      SoakGate<Params, OutputsOf<Steps, Needs>, keyof Steps & string>,
  ): RunbookBuilder<Params, Steps & Gives<Id, undefined, When>> {
    return this.#add('soak', id, definition);
  }

  /**
   * Adds a group of steps that several runbooks share. Their ids get the prefix and a dash, and those
   * that need nothing within the group need what `needs` names. Outputs of those that `passes` names are
   * there for each of its steps, untyped.
   */
  use<
    FragmentParams,
    FragmentSteps extends Done,
    const Prefix extends string,
    const Needs extends keyof Steps & string = never,
  >(
    fragment: Params extends FragmentParams
      ? RunbookBuilder<FragmentParams, FragmentSteps>
      : RunbookTypeError<'this runbook lacks a parameter that the fragment needs'>,
    options: {
      readonly prefix: Prefix;
      readonly needs?: readonly Needs[];
      readonly passes?: readonly Needs[];
    },
  ): RunbookBuilder<Params, Steps & Prefixed<FragmentSteps, Prefix>> {
    // Optional, since an unchecked call may lack it; validation then says so.
    return this.#add('use', (options as typeof options | undefined)?.prefix, { fragment, options });
  }

  #add<Next>(kind: Entry['kind'], id: unknown, definition: unknown): Next {
    const content = this[collected];
    const entries = [...content.entries, { kind, id, phase: this.#phase, definition }];
    return new RunbookBuilder({ ...content, entries }, this.#phase) as Next;
  }
}

/** What a chain has collected, or `undefined` when the value is no chain. */
export function collectedBy(value: unknown): Collected | undefined {
  return typeof value === 'object' && value !== null && collected in value
    ? (value[collected] as Collected)
    : undefined;
}

/**
 * Begins a runbook.
 * @param id as the command line names it: lower-case words joined by dashes
 */
export function runbook<Params extends z.ZodObject = z.ZodObject<Record<never, never>>>(
  id: string,
  options: RunbookOptions<Params>,
): RunbookBuilder<ParamsOf<Params>, Record<never, never>> {
  return new RunbookBuilder({ id, options, entries: [] });
}

/** Begins a group of steps for `.use`. */
export function fragment<Params extends z.ZodObject = z.ZodObject<Record<never, never>>>(options: {
  readonly params?: Params;
}): RunbookBuilder<ParamsOf<Params>, Record<never, never>> {
  return new RunbookBuilder({ id: undefined, options, entries: [] });
}
