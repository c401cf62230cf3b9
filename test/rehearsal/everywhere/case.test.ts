import { describe, expect, it, test } from 'vitest';
import { crashText, formatCase, groupOf, parseCase } from '../../../src/rehearsal/everywhere/case.ts';

describe('a case of a sweep', () => {
  test.each([
    ['mid-act:copy', 'mid-act', 'mid-act:copy'],
    ['mid-act:copy:3', 'mid-act', 'mid-act:copy:3'],
    ['taking-lock@copy', 'taking-lock', 'taking-lock'],
    ['half-line::2@copy', 'half-line', 'half-line::2'],
    ['half-line:sound@settle', 'half-line', 'half-line:sound'],
    ['mid-act:copy+before-checkpoint:copy@copy', 'pairs', 'mid-act:copy+before-checkpoint:copy'],
    ['undo/copy', 'undo', undefined],
    ['undo/mid-undo:copy:2', 'mid-undo', 'mid-undo:copy:2'],
    ['undo/freeing-lock@copy', 'undo/freeing-lock', 'freeing-lock'],
    ['rollback/copy', 'rollback', undefined],
    ['killed-rollback/copy', 'killed-rollback', undefined],
  ] as const)('is written as it is read: %s', (text, group, crash) => {
    const one = parseCase(text);
    expect(formatCase(one)).toBe(text);
    expect(groupOf(one)).toBe(group);
    expect(crashText(one)).toBe(crash);
  });

  it.each(['', 'taking-lock', 'undo/', 'mid-act:copy+at-gate:go'])(
    'is refused when nobody can tell on the way to which step: %j',
    (text) => {
      expect(() => parseCase(text)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^crash\./) }),
      );
    },
  );
});
