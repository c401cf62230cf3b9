import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventBody } from '../../src/journal/event.ts';
import { readEvents, scanJournal } from '../../src/journal/read.ts';
import { damageAnywhere } from './damage.ts';
import { anyBody, encoded, numbered } from './events.ts';

const bodies = fc.array(anyBody, { minLength: 2, maxLength: 6 });
const file = '/state/runs/r/journal.jsonl';
const events = numbered([
  { type: 'run.interrupted', by: 'SIGINT' },
  { type: 'run.aborted', why: 'no', remains: [] },
  { type: 'run.completed' },
]);
const whole = encoded(events);
const lastStart = whole.lastIndexOf(0x0a, whole.length - 2) + 1;

test('a sound journal gives all its events', () => {
  fc.assert(
    fc.property(bodies, (some) => {
      const read = readEvents(encoded(numbered(some)), file);
      expect(read).toMatchObject({ events: JSON.parse(JSON.stringify(numbered(some))) as unknown });
    }),
  );
  expect(readEvents(Buffer.alloc(0), file)).toMatchObject({ events: [] });
});

test('a journal that is cut at any byte of its last line keeps all lines before it', () => {
  for (let length = lastStart; length < whole.length; length += 1) {
    const read = readEvents(whole.subarray(0, length), file);
    expect(read.events).toHaveLength(2);
    expect(read.torn).toEqual(
      length === lastStart ? undefined : { offset: lastStart, bytes: length - lastStart },
    );
  }
});

test('NUL bytes after the last line, or after a part of one, are a torn tail', () => {
  for (const part of [0, 1, 30]) {
    const bytes = Buffer.concat([whole.subarray(0, lastStart + part), Buffer.alloc(5000)]);
    expect(readEvents(bytes, file)).toMatchObject({
      events: events.slice(0, 2),
      torn: { offset: lastStart, bytes: part + 5000 },
    });
  }
});

test('a last line whose sectors were lost in a power cut is torn, although its end is there', () => {
  const long: EventBody = { type: 'run.interrupted', by: 'x'.repeat(3000) };
  const bytes = encoded(numbered([{ type: 'run.completed' }, long]));
  const start = bytes.indexOf(0x0a) + 1;
  for (const [from, to] of [
    [start, 1024],
    [1024, 1536],
  ] as const) {
    const holed = Buffer.from(bytes).fill(0, from, to);
    expect(readEvents(holed, file).torn).toEqual({ offset: start, bytes: bytes.length - start });
    // A line that follows proves that this one was acknowledged.
    const more = Buffer.concat([holed, Buffer.from('{}\n')]);
    expect(() => readEvents(more, file)).toThrow('is damaged at line 2');
  }
  // Not whole sectors: no power cut does that.
  expect(() => readEvents(Buffer.from(bytes).fill(0, 1030, 1500), file)).toThrow('is damaged at line 2');
});

test('a flipped bit is found and its line named, wherever it is, in a newline and the last one too', () => {
  for (let bit = 0; bit < whole.length * 8; bit += 1) {
    const bytes = Buffer.from(whole);
    const at = bit >> 3;
    bytes[at] = bytes[at]! ^ (1 << (bit & 7));
    const line = whole.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
    expect(() => readEvents(bytes, file), `bit ${bit}`).toThrow(
      new RegExp(`journal /state/runs/r/journal.jsonl is damaged at line ${line} \\(byte \\d+\\): `),
    );
  }
});

test('a piece cut out anywhere before the last line is found', () => {
  fc.assert(
    fc.property(bodies, fc.nat(), fc.integer({ min: 1, max: 400 }), (some, place, length) => {
      const bytes = encoded(numbered(some));
      const last = bytes.lastIndexOf(0x0a, bytes.length - 2) + 1;
      const from = place % last;
      const to = Math.min(from + length, last);
      const cut = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
      expect(() => readEvents(cut, file)).toThrow('is damaged at line');
    }),
  );
});

test('lines in a wrong order or twice are found', () => {
  const [one, two] = [whole.subarray(0, whole.indexOf(0x0a) + 1), whole.subarray(whole.indexOf(0x0a) + 1)];
  expect(() => readEvents(Buffer.concat([one, one, two]), file)).toThrow('its sequence number is 1, not 2');
  expect(() => readEvents(two, file)).toThrow('its sequence number is 2, not 1');
});

test('in any journal any flipped bit, cut-out piece, missing, swapped or repeated line is found in its line', () => {
  const journal = fc.array(anyBody, { minLength: 3, maxLength: 8 }).map((some) => encoded(numbered(some)));
  const lineOf = (bytes: Buffer, at: number) =>
    bytes.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
  fc.assert(
    fc.property(journal, damageAnywhere, (bytes, damage) => {
      const { damaged, at } = damage(bytes);
      const scan = scanJournal(damaged);
      // Nothing before the damage is lost, and nothing after it is believed.
      expect(scan.damage?.line).toBe(lineOf(bytes, at));
      expect(scan.events).toHaveLength(lineOf(bytes, at) - 1);
      expect(() => readEvents(damaged, file)).toThrow(`is damaged at line ${lineOf(bytes, at)} (`);
    }),
    { numRuns: 4000 },
  );
});

test('a line of another run fits nowhere, although it has the same number', () => {
  fc.assert(
    fc.property(bodies, bodies, fc.nat(), (some, others, place) => {
      const [one, other] = [some, others].map((each, run) =>
        encoded(numbered([{ type: 'run.interrupted', by: `run ${run}` }, ...each]))
          .toString()
          .split('\n')
          .slice(0, -1),
      ) as [string[], string[]];
      const at = 1 + (place % (Math.min(one.length, other.length) - 1));
      const mixed = one.with(at, other[at]!);
      expect(scanJournal(Buffer.from(`${mixed.join('\n')}\n`)).damage?.line).toBe(at + 1);
    }),
  );
});

test('a journal cut shorter than what was acknowledged is damaged, but for its last line', () => {
  const [, second, third] = readChecksums(whole);
  const end = { seq: 3, crc: third! };
  for (let length = 0; length < whole.length; length += 1) {
    const scan = scanJournal(whole.subarray(0, length), end);
    expect(scan.damage?.line, `${length}`).toBe(
      length <= whole.indexOf(0x0a, whole.indexOf(0x0a) + 1) ? 1 + scan.events.length : undefined,
    );
  }
  expect(scanJournal(whole, end).damage).toBeUndefined();
  expect(scanJournal(whole, { seq: 2, crc: second! }).damage).toBeUndefined();
  expect(scanJournal(whole, { seq: 2, crc: third! }).damage).toMatchObject({
    line: 2,
    fault: 'it is not the line that was acknowledged here',
  });
});

function readChecksums(bytes: Buffer): string[] {
  return [...bytes.toString().matchAll(/"crc":"([0-9a-f]{8})"\}\n/g)].map(([, crc]) => crc!);
}

test('the error says what is certain, exits 6 and offers a way', () => {
  const bytes = Buffer.from(whole);
  bytes[3] = 0xff;
  const read = () => readEvents(bytes, file);
  expect(read).toThrow(
    expect.objectContaining({
      code: 'journal.damaged',
      exitCode: 6,
      message: 'the journal /state/runs/r/journal.jsonl is damaged at line 1 (byte 0): it is not UTF-8 text',
      hint: expect.stringContaining('sed -n 1p') as string,
    }),
  );
  const newer = encoded([{ ...events[0]!, v: 2 as 1 }]);
  expect(() => readEvents(newer, file)).toThrow(
    expect.objectContaining({ code: 'journal.newer', exitCode: 6 }),
  );
});
