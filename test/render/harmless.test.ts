import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { harmless, harmlessJson, harmlessLines } from '../../src/render/harmless.ts';

// oxlint-disable-next-line no-control-regex
const driving = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('foreign text', () => {
  test('cannot colour, clear, retitle or ring', () => {
    expect(harmless('\u001b[31mred\u001b[0m')).toBe('red');
    expect(harmless('\u001b[2J\u001b[Hgone')).toBe('gone');
    expect(harmless('\u001b]0;title\u0007text')).toBe('text');
    expect(harmless('a\u0007b\u009b31mc')).not.toMatch(driving);
  });

  test('shows what is left of control characters', () => {
    expect(harmless('line\rover')).toBe(String.raw`line\x0dover`);
    expect(harmless('name\nname')).toBe(String.raw`name\x0aname`);
    expect(harmless('exe\u202efdp.txt')).toBe(String.raw`exe\u{202e}fdp.txt`);
  });

  test('stays several lines where lines are meant', () => {
    expect(harmlessLines('one\r\ntwo\n\u001b[1mthree')).toEqual(['one', 'two', 'three']);
  });

  test('never drives a terminal, whatever it holds, and is not touched when it could not', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(harmless(text)).not.toMatch(driving);
        if (!driving.test(text) && !/[\u061c\u200e\u200f\u2028\u2029]/.test(text))
          expect(harmless(text)).toBe(text);
      }),
    );
  });
});

describe('JSON for a program', () => {
  test('never drives a terminal either, and means the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const json = harmlessJson({ value, text });
        expect(json).not.toMatch(driving);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ value, text })));
      }),
    );
  });
});
