import { isDeepStrictEqual } from 'node:util';
import { LockedError } from '../../errors.ts';
import { unfinishedRunOf } from './known-run.ts';

/**
 * The id of the unfinished run of a runbook with these very parameters, when there is one.
 * @throws LockedError `run.other-parameters` when it has others: what it did with them must not be taken for theirs
 */
export async function unfinishedRunWith(
  state: string,
  runbook: string,
  params: unknown,
): Promise<string | undefined> {
  const unfinished = await unfinishedRunOf(state, runbook);
  if (unfinished === undefined) return undefined;
  const { id } = unfinished.place;
  if (isDeepStrictEqual(unfinished.state.params, JSON.parse(JSON.stringify(params)))) return id;
  throw new LockedError(
    'run.other-parameters',
    `the unfinished run ${id} of ${runbook} has other parameters`,
    [
      `See them: migrate status ${id} --json`,
      `Go on with them: migrate resume ${id}`,
      `Or end it, and start again: migrate abort ${id}`,
    ].join('\n'),
  );
}
