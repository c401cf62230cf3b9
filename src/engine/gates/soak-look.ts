import { StepError } from '../../errors.ts';
import type { Sampler } from '../../journal/state.ts';
import { durationMs, type ReadContext, type SoakNode } from '../../runbook/index.ts';
import { readContext, stepContext } from '../context.ts';
import { failureOf } from '../failure.ts';
import { record, throwIfInterrupted, type Session } from '../session.ts';

/** The longest that one probe may take, in milliseconds: what gives no answer is not healthy. */
const longestAnswerMs = 60_000;
/** Between a look that finds it unhealthy and the one that confirms it, in milliseconds. */
const momentMs = 10_000;

interface Readings {
  readonly readings: Record<string, boolean | string>;
  readonly counters: Record<string, string>;
}

/**
 * Looks at the health once, and a second time moments later when it is not healthy: a probe that
 * flaps is no trouble that lasts. Either look is kept, so that what was seen is never forgotten.
 */
export async function look(session: Session, node: SoakNode, sampler: Sampler, minMs: number): Promise<void> {
  if (await lookOnce(session, node, sampler, false)) return;
  const { clock } = session.ports.host;
  await clock.sleep(Math.max(1, Math.ceil(Math.min(momentMs, minMs))), session.signal);
  throwIfInterrupted(session.signal);
  await lookOnce(session, node, sampler, true);
}

async function lookOnce(
  session: Session,
  node: SoakNode,
  sampler: Sampler,
  confirms: boolean,
): Promise<boolean> {
  const { readings, counters } = await ask(session, node);
  // A question that was cut short says nothing of health.
  throwIfInterrupted(session.signal);
  const { host } = session.ports;
  const healthy = Object.values(readings).every((reading) => reading === true);
  const lasting = node.probes
    .filter(({ name, lasts }) => lasts === 'boots' && Object.hasOwn(counters, name))
    .map(({ name }) => name);
  await record(session, {
    type: 'gate.sampled',
    step: node.id,
    healthy,
    readings,
    ...(Object.keys(counters).length === 0 ? {} : { counters }),
    ...(lasting.length === 0 ? {} : { lasting }),
    sampler,
    ...(confirms ? { confirms } : {}),
    boot: await host.boot(),
    clocks: host.clock.now(),
  });
  return healthy;
}

/** Counters first: what goes wrong while the rest is asked then shows at the next look, and not never. */
async function ask(session: Session, node: SoakNode): Promise<Readings> {
  const readings: Record<string, boolean | string> = {};
  const counters: Record<string, string> = {};
  for (const { name, counter } of node.probes) {
    if (counter === undefined) continue;
    const given = await answered(session, node, (context) => counter(context as never));
    if ('failed' in given) readings[name] = given.failed;
    else if (typeof given.answer === 'string') counters[name] = given.answer;
    else readings[name] = `its counter is ${String(given.answer)}, and no text`;
  }
  for (const { name, check } of node.probes) {
    if (check === undefined) continue;
    const given = await answered(session, node, (context) => check(context as never));
    // What is neither yes nor a reason, such as a forgotten return, is no sign of health.
    if ('failed' in given) readings[name] = given.failed;
    else if (typeof given.answer === 'boolean' || typeof given.answer === 'string')
      readings[name] = given.answer;
    else readings[name] = `it answered ${String(given.answer)}`;
  }
  return { readings, counters };
}

async function answered(
  session: Session,
  node: SoakNode,
  question: (context: ReadContext) => unknown,
): Promise<{ readonly answer: unknown } | { readonly failed: string }> {
  const limitMs = Math.min(longestAnswerMs, durationMs(node.maxGap));
  const limit = new AbortController();
  const tooLate = new Promise<never>((_, reject) => {
    limit.signal.addEventListener('abort', () => reject(limit.signal.reason as Error), { once: true });
  });
  const timer = setTimeout(
    () => limit.abort(new StepError('probe.timeout', `it gave no answer within ${limitMs / 1000} s`)),
    limitMs,
  );
  try {
    const { state, folder, ports, signal } = session;
    const context = readContext(
      node,
      stepContext(node, state, folder),
      ports.host,
      AbortSignal.any([signal, limit.signal]),
    );
    return { answer: await Promise.race([question(context), tooLate]) };
  } catch (thrown) {
    return { failed: failureOf(limit.signal.aborted ? limit.signal.reason : thrown).message };
  } finally {
    clearTimeout(timer);
  }
}
