import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatCrashSpec, parseCrashSpec } from '../../src/rehearsal/crash.ts';

describe('a place to crash at', () => {
  it('is a point, a step and an occurrence, of which the point alone is needed', () => {
    expect(parseCrashSpec('mid-act')).toEqual({ point: 'mid-act', step: undefined, occurrence: 1 });
    expect(parseCrashSpec('mid-act:copy')).toEqual({ point: 'mid-act', step: 'copy', occurrence: 1 });
    expect(parseCrashSpec('before-checkpoint::3')).toEqual({
      point: 'before-checkpoint',
      step: undefined,
      occurrence: 3,
    });
  });

  it.each(['mid-act', 'mid-act:copy', 'mid-act:copy:2', 'half-line::3'])(
    'is written as it is read: %s',
    (text) => {
      expect(formatCrashSpec(parseCrashSpec(text))).toBe(text);
    },
  );

  it.each(['', 'mid-air', 'mid-act:copy:0', 'mid-act:copy:x'])(
    'is refused as %j, with the points there are',
    (text) => {
      expect(() => parseCrashSpec(text)).toThrow(
        expect.objectContaining({ code: 'crash.spec', hint: expect.stringContaining('mid-act') }),
      );
    },
  );
});

describe('an injected crash', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'crash-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const pass = (spec: string, points: readonly (readonly [string, string])[]) => {
    const code = `
      const { dyingAt } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/rehearsal/crash.ts'))});
      const { crashPoint: at } = dyingAt(${JSON.stringify(spec)}, ${JSON.stringify(join(folder, 'crashed'))});
      for (const [point, step] of ${JSON.stringify(points)}) { await at(point, step); console.log(step); }
    `;
    const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
    });
    return { passed: stdout.split('\n').filter(Boolean), signal };
  };
  const points = [
    ['mid-act', 'first'],
    ['mid-act', 'second'],
    ['mid-act', 'second'],
  ] as const;

  it('kills the process at its point, once, and lets it pass ever after', () => {
    expect(pass('mid-act:second', points)).toEqual({ passed: ['first'], signal: 'SIGKILL' });
    expect(existsSync(join(folder, 'crashed'))).toBe(true);
    expect(pass('mid-act:second', points)).toEqual({ passed: ['first', 'second', 'second'], signal: null });
  });

  it('counts occurrences', () => {
    expect(pass('mid-act:second:2', points)).toEqual({ passed: ['first', 'second'], signal: 'SIGKILL' });
  });

  it('comes at each of several places, in whatever order they are passed', () => {
    const spec = 'mid-act:second,mid-act:first';
    expect(pass(spec, points)).toEqual({ passed: [], signal: 'SIGKILL' });
    expect(pass(spec, points)).toEqual({ passed: ['first'], signal: 'SIGKILL' });
    expect(pass(spec, points)).toEqual({ passed: ['first', 'second', 'second'], signal: null });
  });

  it('comes at the second of two in a row only after the first', () => {
    const spec = 'mid-act:second+mid-act:first';
    expect(pass(spec, points)).toEqual({ passed: ['first'], signal: 'SIGKILL' });
    expect(pass(spec, points)).toEqual({ passed: [], signal: 'SIGKILL' });
    expect(pass(spec, points)).toEqual({ passed: ['first', 'second', 'second'], signal: null });
  });

  it('does nothing elsewhere', () => {
    expect(pass('mid-undo:second', points)).toEqual({ passed: ['first', 'second', 'second'], signal: null });
  });
});
