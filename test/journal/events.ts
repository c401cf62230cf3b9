import fc from 'fast-check';
import type { EventBody, JournalEvent } from '../../src/journal/event.ts';
import { checksumOf, encodeLine } from '../../src/journal/line.ts';

/** Any event of a few types, with text that is awkward in JSON lines. */
const text = fc.string({
  unit: fc.constantFrom('a', '"', '\\', '\n', '\0', ' ', '@', 'é', '💾', '\ud800', '\u2028', '\ufffd'),
});

export const anyBody: fc.Arbitrary<EventBody> = fc.oneof(
  fc.constant({ type: 'run.completed' } as const),
  fc.record({ type: fc.constant('run.interrupted' as const), by: text }),
  fc.record({
    type: fc.constant('run.aborted' as const),
    why: text,
    remains: fc.array(text, { maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant('step.completed' as const),
    step: fc.constantFrom('copy', 'snapshot'),
    attempt: fc.nat(9),
    output: fc.jsonValue({ maxDepth: 2 }).filter((value) => !JSON.stringify(value).includes('__proto__')),
    by: fc.constantFrom('act' as const, 'probe' as const),
    verified: fc.boolean(),
  }),
);

export function numbered(bodies: readonly EventBody[]): JournalEvent[] {
  return bodies.map((body, index) => ({ v: 1, seq: index + 1, at: '2026-09-21T10:00:00.000Z', ...body }));
}

export function encoded(events: readonly JournalEvent[]): Buffer {
  let before: string | undefined;
  const lines = events.map((event) => {
    const line = encodeLine(event, before);
    before = checksumOf(line);
    return line;
  });
  return Buffer.from(lines.join(''));
}
