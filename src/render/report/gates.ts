import type { JournalEvent, RecordedNode } from '../../journal/event.ts';
import type { ReportDocument, ReportGate } from '../documents/report.ts';

/** Every gate that was entered, in its order, with who opened it. */
export function gatesOf(events: readonly JournalEvent[], nodes: readonly RecordedNode[]): ReportGate[] {
  const titles = new Map(nodes.map(({ id, title }) => [id, title]));
  const gates: ReportGate[] = [];
  const openOf = (step: string) => gates.findLast((gate) => gate.step === step && gate.openedAt === null);
  for (const event of events) {
    switch (event.type) {
      case 'gate.entered': {
        if (openOf(event.step) !== undefined) break;
        gates.push({
          ...{ step: event.step, title: titles.get(event.step) ?? event.step, kind: event.kind },
          ...{ says: event.says, enteredAt: event.at, openedAt: null, openedBy: null },
          ...(event.kind === 'soak' ? { looks: 0, unhealthy: 0 } : {}),
        });
        break;
      }
      case 'gate.sampled': {
        const gate = openOf(event.step);
        if (gate === undefined) break;
        gate.looks = (gate.looks ?? 0) + 1;
        gate.unhealthy = (gate.unhealthy ?? 0) + (event.healthy ? 0 : 1);
        break;
      }
      case 'gate.opened': {
        const gate = openOf(event.step);
        if (gate === undefined) break;
        Object.assign(gate, { openedAt: event.at, openedBy: event.by });
        if (event.input !== undefined) gate.input = event.input;
        break;
      }
      default:
    }
  }
  return gates;
}

/** Who agreed to what cannot be taken back, and when. */
export function consentsOf(
  events: readonly JournalEvent[],
  nodes: readonly RecordedNode[],
): ReportDocument['consents'] {
  return events.flatMap((event) =>
    event.type === 'irreversible.accepted'
      ? [
          {
            ...{ step: event.step, at: event.at, by: event.by },
            lost: nodes.find(({ id }) => id === event.step)?.irreversible ?? '',
          },
        ]
      : [],
  );
}
