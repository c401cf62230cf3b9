import type { EventOf } from '../../journal/event.ts';
import type { GateNode } from '../../runbook/index.ts';
import { tellSomebody } from '../notify.ts';
import { record, type Session } from '../session.ts';

/** Records that a gate is open: the run goes on behind it, also in another process. */
export async function openGate(
  session: Session,
  node: GateNode,
  opening: Pick<EventOf<'gate.opened'>, 'by' | 'boot'> & { readonly input?: unknown },
): Promise<void> {
  const { crashPoint, host } = session.ports;
  await crashPoint('before-opening', node.id);
  await record(session, { type: 'gate.opened', step: node.id, ...opening, clocks: host.clock.now() });
  await crashPoint('after-opening', node.id);
}

/** Tells that a gate opened by itself; who opens one by hand knows. */
export async function tellOfOpening(
  session: Session,
  { id }: GateNode,
  about: string,
  wait = false,
): Promise<void> {
  await tellSomebody(session, {
    kind: 'gate-opened',
    step: id,
    about,
    watched: session.unattended === undefined && !wait,
  });
}
