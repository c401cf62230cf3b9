import { MigrateError } from '../errors.ts';
import { mostVainBoots, soaksDue, whyNotByItself, type NeedsPerson } from '../plan/unattended.ts';
import { turnsBack } from '../plan/turn-back.ts';
import { refuseEnvironmentSecret, type Runbook } from '../runbook/index.ts';
import { advance, goBack, type ForwardOptions } from './forward.ts';
import { passGate } from './gates/pass.ts';
import { tellOfEnd, tellSomebody } from './notify.ts';
import { outcome, type Outcome } from './outcome.ts';
import { mustBeOpen } from './must-be-open.ts';
import { acceptRunbook, recordResume, type Pin } from './resume.ts';
import { rollBack } from './rollback.ts';
import { nodeOf, record, type Session } from './session.ts';

export interface UnattendedOptions extends ForwardOptions {
  readonly pin?: Pin | undefined;
}

/**
 * Goes on with a run after a boot although nobody is there, forward or back. What needs a person waits for one.
 * @throws MigrateError as `resume` does; UsageError `run.no-runbook` for a way forward without one
 */
export async function resumeAfterBoot(
  session: Session,
  runbook: Runbook | undefined,
  options: UnattendedOptions,
): Promise<Outcome> {
  const refusal = await refuse(session);
  if (refusal !== undefined) return told(session, refusal);
  if (session.state.status === 'rolling-back') {
    await recordResume(session);
    return told(session, await rollBack(session, {}));
  }
  const changed = runbook && (await acceptOrWait(session, runbook, options.pin));
  if (changed !== undefined) return told(session, changed);
  await recordResume(session);
  return advance(session, options);
}

/**
 * Looks at the health of the soaks that are due, and goes on when one opens. A run that is at nothing but
 * its soak is left alone: what failed or was broken off is not begun again at every look.
 * @returns `undefined` when nothing was to be looked at
 */
export async function sampleSoaks(
  session: Session,
  runbook: Runbook,
  options: UnattendedOptions,
): Promise<Outcome | undefined> {
  const turned = turnsBack(session.state);
  if (turned !== undefined && session.state.status === 'running') {
    return told(session, (await refuse(session)) ?? (await goBack(session, turned, turned.why)));
  }
  const { host } = session.ports;
  const due = soaksDue(session.state, await host.boot(), host.clock.now());
  if (due.length === 0) return undefined;
  const refusal = (await refuse(session)) ?? (await acceptOrWait(session, runbook, options.pin));
  if (refusal !== undefined) return told(session, refusal);
  let waits: Outcome | undefined;
  let opened = false;
  for (const id of due) {
    const node = nodeOf(session, id);
    if (node?.kind !== 'soak') continue;
    const result = await passGate(session, node, {});
    if (result.kind === 'done') opened = true;
    else if (result.kind === 'waiting')
      waits ??= outcome('waiting', result.why, { step: id, hint: result.hint });
    else if (result.kind === 'failed') {
      const failed = `step "${id}" failed: ${result.failure.message}`;
      if (result.goBack === true || node.onFailure === 'rollback') {
        return told(session, await goBack(session, node, failed));
      }
      waits ??= outcome('failed', failed, { step: id });
    } else return outcome('interrupted', `interrupted by ${result.by}`, { step: id });
  }
  if (!opened) return waits && told(session, waits);
  await recordResume(session);
  return advance(session, options);
}

async function told(session: Session, ended: Outcome): Promise<Outcome> {
  await tellOfEnd(session, ended, {});
  return ended;
}

async function refuse(session: Session): Promise<Outcome | undefined> {
  mustBeOpen(session.state);
  refuseEnvironmentSecret(session.state.params, 'when a run goes on by itself');
  const why = whyNotByItself(session.state);
  if (why === undefined) return undefined;
  if (why.stalledAfter !== undefined) {
    await record(session, { type: 'run.stalled', boots: mostVainBoots });
    await tellSomebody(session, { kind: 'stalled', about: why.message, hint: why.hint });
  }
  return waiting(why);
}

function waiting({ message, step, hint }: NeedsPerson): Outcome {
  return outcome('waiting', message, { step, hint });
}

/** An edit of what is done waits for whoever made it. */
async function acceptOrWait(
  session: Session,
  runbook: Runbook,
  pin: Pin | undefined,
): Promise<Outcome | undefined> {
  try {
    await acceptRunbook(session, runbook, false, pin);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof MigrateError) || thrown.code !== 'runbook.changed') throw thrown;
    return outcome('waiting', thrown.message, { hint: thrown.hint });
  }
}
