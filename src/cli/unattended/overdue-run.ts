import { decideUnconfirmed, goBackIfDue, mustBeOpen, record, recordResume } from '../../engine/index.ts';
import { exitCodes, type ExitCode } from '../../errors.ts';
import { isDue, unconfirmed } from '../../plan/deadline.ts';
import { atWork } from '../work/at-work.ts';
import { hostFor } from '../work/host-for.ts';
import { endHung, hungProcess } from './hung-run.ts';
import type { Globals, Overrides } from '../invocation.ts';
import type { KnownRun } from '../runs/known-run.ts';
import { runbookToRollBack } from '../runs/pinned-runbook.ts';
import { placesOf } from '../runs/places.ts';
import { reopenRun } from '../runs/reopen-run.ts';

/**
 * Takes back what nobody confirmed in time, for the units that go on by themselves: they also end a process
 * that should have done so and hangs. After a boot it waits for the word or the deadline, since nobody else
 * does. `undefined` when nothing stands in the way of going on.
 *
 * @throws LockedError when a process that is not hung works on the run
 */
export async function takeBackOverdue(
  known: KnownRun,
  given: {
    readonly by: 'boot' | 'timer';
    readonly globals: Globals;
    readonly overrides: Overrides;
  },
): Promise<ExitCode | undefined> {
  const { by, globals, overrides } = given;
  const host = hostFor(overrides);
  const { clock } = host;
  const boot = await host.boot();
  if (known.state.status !== 'running' || unconfirmed(known.state) === undefined) return undefined;
  if (by === 'timer' && !isDue(known.state, clock.now(), boot)) return undefined;
  const hung = await hungProcess(known, { clock, boot });
  const ended = hung && (await endHung(hung));
  const pinned = await runbookToRollBack(known.state, known.place);
  const open = await reopenRun(known, placesOf(globals), overrides);
  let goesOn = false;
  const exit = await atWork(
    { globals, overrides, open, runbook: pinned?.runbook, unattended: by },
    async (session) => {
      mustBeOpen(session.state);
      if (ended !== undefined) await record(session, ended);
      await recordResume(session);
      const outcome = await (by === 'boot' ? decideUnconfirmed(session) : goBackIfDue(session));
      goesOn = outcome === undefined;
      return (
        outcome ?? { status: 'waiting', exitCode: exitCodes.waiting, message: 'it was confirmed in time' }
      );
    },
  );
  return goesOn ? undefined : exit;
}
