import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { bundledRunbooks } from '../../host/runbook-file.ts';
import type { RunState } from '../../journal/state.ts';
import { isSecretReference, quoteWord, type Runbook } from '../../runbook/index.ts';
import { readParameters } from '../parameters/read.ts';
import { valueSchemaOf } from '../parameters/schema.ts';

/** What finds the runbook of a run again when it is typed, in whatever folder: its id, or the path of its file. */
export function wordFor({ runbook, source }: Pick<RunState, 'runbook' | 'source'>): string {
  return wordOf(runbook, source.file);
}

/** The same of a runbook that is loaded: `sonarr`, or the path of its file, quoted where a shell wants it. */
export function wordOf(id: string, file: string): string {
  const bundled = bundledRunbooks().get(id);
  // A program that was updated has it in another place.
  const isBundled = bundled !== undefined && (bundled === file || !existsSync(file));
  return isBundled ? id : quoteWord(file);
}

/** The command that begins a run like this one; where no words stand for its parameters, it says so. */
export async function runAgain(
  state: Pick<RunState, 'runbook' | 'source' | 'params'>,
  runbook: Runbook,
): Promise<string> {
  const { properties = {} } = valueSchemaOf(runbook.params);
  const given = Object.entries((state.params ?? {}) as Record<string, unknown>);
  const set = given
    .filter(([key, value]) => !isDeepStrictEqual(value, properties[key]?.default))
    .map(([key, value]) => `${key}=${asTyped(value)}`);
  const again = `migrate run ${wordFor(state)}`;
  const read = await readParameters(runbook.params, { set }, '', '').catch(() => undefined);
  const isSame = read !== undefined && isDeepStrictEqual(JSON.parse(JSON.stringify(read)), state.params);
  return isSame
    ? [again, ...set.map((assignment) => `--set ${quoteWord(assignment)}`)].join(' ')
    : `${again}, with the parameters that it had`;
}

function asTyped(value: unknown): string {
  if (isSecretReference(value)) return `${value.secret}:${value.name}`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
