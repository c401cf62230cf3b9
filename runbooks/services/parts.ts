import { z, type RunbookBuilder } from 'migrate-runbook';
import type { Part } from './kind.ts';

/**
 * Puts a group in its place. Its types are those that the parameters give, and what it adds to the outputs is read
 * by `outputOf`.
 * @param passes steps among its needs whose outputs the steps of the group see
 */
export function withPart<Params, Steps extends Readonly<Record<string, unknown>>>(
  chain: RunbookBuilder<Params, Steps>,
  prefix: string,
  part: Part | undefined,
  needs: readonly (keyof Steps & string)[],
  passes: readonly (keyof Steps & string)[] = [],
): RunbookBuilder<Params, Steps> {
  if (part === undefined) return chain;
  const use = chain.use.bind(chain) as (fragment: Part['steps'], options: object) => unknown;
  return use(part.steps, { prefix, needs, passes }) as RunbookBuilder<Params, Steps>;
}

/**
 * What a step of a group has given, which the chain's types do not know: read by a schema of what is asked of it.
 * @param outputs of a step that needs the group
 */
export function outputOf<Schema extends z.ZodType>(
  outputs: unknown,
  step: string,
  schema: Schema,
): z.output<Schema> {
  return z
    .record(z.string(), z.unknown())
    .transform((all) => all[step])
    .pipe(schema)
    .parse(outputs);
}

/** Ids of a group for `needs`; typed as none, since the chain does not know them. */
export function after(prefix: string, part: Part | undefined): readonly never[] {
  return (part?.last ?? []).map((id) => `${prefix}-${id}`) as never[];
}
