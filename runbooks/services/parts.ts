import type { RunbookBuilder } from 'migrate-runbook';
import type { Part } from './kind.ts';

/** Puts a group in its place. Its types are those that the parameters give, and it adds outputs that nothing here asks for. */
export function withPart<Params, Steps extends Readonly<Record<string, unknown>>>(
  chain: RunbookBuilder<Params, Steps>,
  prefix: string,
  part: Part | undefined,
  needs: readonly (keyof Steps & string)[],
): RunbookBuilder<Params, Steps> {
  if (part === undefined) return chain;
  const use = chain.use.bind(chain) as (fragment: Part['steps'], options: object) => unknown;
  return use(part.steps, { prefix, needs }) as RunbookBuilder<Params, Steps>;
}

/** Ids of a group for `needs`; typed as none, since the chain does not know them. */
export function after(prefix: string, part: Part | undefined): readonly never[] {
  return (part?.last ?? []).map((id) => `${prefix}-${id}`) as never[];
}
