import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JournalEvent } from '../../src/journal/event.ts';
import { decodeLine, encodeLine } from '../../src/journal/line.ts';
import { anyBody, numbered } from './events.ts';

const event: JournalEvent = { v: 1, seq: 1, at: '2026-09-21T10:00:00.000Z', type: 'run.completed' };
const sealed = (value: unknown) => encodeLine(value as JournalEvent).trimEnd();

test('an event comes back from its line as it was', () => {
  fc.assert(
    fc.property(anyBody, (body) => {
      const [one] = numbered([body]);
      const line = encodeLine(one!);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(decodeLine(line.slice(0, -1), 1)).toEqual(JSON.parse(JSON.stringify(one)));
    }),
  );
});

test('the checksum is the last member, and that of the line without it', () => {
  const line = encodeLine(event);
  const { crc, ...rest } = JSON.parse(line) as Record<string, unknown>;
  expect(line.endsWith(`,"crc":"${String(crc)}"}\n`)).toBe(true);
  expect(crc).toBe(crc32(JSON.stringify(rest)).toString(16).padStart(8, '0'));
});

test('every fault has its name', () => {
  const fault = (line: string, seq = 1) => decodeLine(line, seq);
  expect(fault('{"v":1')).toEqual({ fault: 'it is not JSON' });
  expect(fault('')).toEqual({ fault: 'it is not JSON' });
  expect(fault(JSON.stringify(event))).toEqual({ fault: 'it has no checksum' });
  expect(fault(sealed(event).replace('completed', 'complated'))).toEqual({
    fault: 'its checksum is wrong: it was changed, or does not follow the line before',
  });
  expect(fault(sealed(event), 7)).toEqual({ fault: 'its sequence number is 1, not 7' });
  expect(fault(sealed({ ...event, v: 2 }))).toEqual({
    fault: 'it was written by a newer migrate (journal version 2)',
    newer: true,
  });
  expect(fault(sealed({ ...event, v: 'x' }))).toEqual({ fault: 'its version is "x"' });
  expect(fault(sealed({ ...event, type: 'run.flown' }))).toMatchObject({
    fault: expect.stringContaining('it is no event that this migrate knows') as string,
  });
  expect(fault(sealed({ ...event, type: 'run.interrupted' }))).toMatchObject({
    fault: expect.stringContaining('by') as string,
  });
});
