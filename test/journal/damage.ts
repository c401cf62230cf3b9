import fc from 'fast-check';

/** What is left of a journal, and the first byte of it that is not as it was. */
export interface Damaged {
  readonly damaged: Buffer;
  readonly at: number;
}

/** One flipped bit, anywhere. */
export const flip =
  (place: number) =>
  (bytes: Buffer): Damaged => {
    const damaged = Buffer.from(bytes);
    const bit = place % (bytes.length * 8);
    damaged[bit >> 3] = damaged[bit >> 3]! ^ (1 << (bit & 7));
    return { damaged, at: bit >> 3 };
  };

/** A piece that is gone from the middle: something is left behind it, else it is a torn tail. */
export const cutOut =
  (place: number, length: number) =>
  (bytes: Buffer): Damaged => {
    const from = place % (bytes.length - 1);
    const to = Math.min(from + length, bytes.length - 1);
    const left = (start: number) => Buffer.concat([bytes.subarray(0, start), bytes.subarray(to)]);
    const cut = left(from);
    // The last line whole, which is no damage of what is left: with its newline the cut shows.
    const isShorter = bytes.subarray(0, cut.length).equals(cut);
    return differing(bytes, isShorter ? left(from + 1) : cut);
  };

type Lines = (lines: readonly string[], place: number) => readonly string[];

const without: Lines = (lines, place) => lines.toSpliced(place % (lines.length - 1), 1);
const repeated: Lines = (lines, place) =>
  lines.toSpliced(place % lines.length, 0, lines[place % lines.length]!);
const swapped: Lines = (lines, place) => {
  const at = place % (lines.length - 1);
  return lines.with(at, lines[at + 1]!).with(at + 1, lines[at]!);
};

const inLines =
  (change: Lines, place: number) =>
  (bytes: Buffer): Damaged => {
    const lines = bytes.toString('latin1').split(/(?<=\n)/);
    return differing(bytes, Buffer.from(change(lines, place).join(''), 'latin1'));
  };

/** Any single damage that no crash leaves. */
export const damageAnywhere: fc.Arbitrary<(bytes: Buffer) => Damaged> = fc.oneof(
  { weight: 3, arbitrary: fc.nat().map(flip) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.nat(), fc.integer({ min: 1, max: 300 })).map(([at, length]) => cutOut(at, length)),
  },
  fc.nat().map((place) => inLines(without, place)),
  fc.nat().map((place) => inLines(repeated, place)),
  fc.nat().map((place) => inLines(swapped, place)),
);

/**
 * Where two journals part. A piece that repeats what stands before it may be cut out a little later with the
 * same result, so the first byte that differs is what counts.
 */
function differing(bytes: Buffer, damaged: Buffer): Damaged {
  const at = damaged.findIndex((byte, index) => byte !== bytes[index]);
  return { damaged, at: at === -1 ? damaged.length : at };
}
