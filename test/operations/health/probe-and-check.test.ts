import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StepError } from '../../../src/errors.ts';
import { checkOf, probeOf, type Measure } from '../../../src/operations/index.ts';
import { firstLoss } from '../../../src/runbook/index.ts';

const context = { signal: new AbortController().signal } as never;
const lag = (measure: Measure['measure']): Measure => ({
  ...{ name: 'lag', unit: 'h', warning: 12, critical: 24 },
  measure,
});

const probed = (measure: Measure, from?: 'warning') =>
  probeOf(measure, from === undefined ? {} : { from }).check(context);
const checked = (measure: Measure) => checkOf(measure).run(context);

describe('a measure', () => {
  test.each([
    [1, 'PASS', true, true],
    [13, 'PARTIAL', true, 'warning: 13 h: of tank/sonarr'],
    [25, 'FAIL', 'critical: 25 h: of tank/sonarr', 'critical: 25 h: of tank/sonarr'],
    [Infinity, 'FAIL', 'critical: never: of tank/sonarr', 'critical: never: of tank/sonarr'],
  ] as const)(
    'of %d h gives the check %s, and the probe %s, or %s from warnings on',
    async (value, verdict, probe, strict) => {
      const measure = lag(async () => ({ value, observed: 'of tank/sonarr' }));
      expect((await checked(measure)).verdict).toBe(verdict);
      expect(await probed(measure)).toBe(probe);
      expect(await probed(measure, 'warning')).toBe(strict);
    },
  );

  test('that cannot be taken is BLOCKED, and no healthy probe', async () => {
    const measure = lag(() => {
      throw new StepError(
        'restic.locked',
        'the repository is locked',
        'Make sure that no other restic works on it.',
      );
    });
    const said =
      'lag cannot be measured: the repository is locked\nMake sure that no other restic works on it.';
    expect(await checked(measure)).toMatchObject({ verdict: 'BLOCKED', observed: said });
    expect(await probed(measure)).toBe(said);
  });

  test.each([undefined, null, 'much', Number.NaN, {}, { value: '3' }, { value: Number.NaN, observed: '' }])(
    'that gives %j, and no number, is BLOCKED',
    async (given) => {
      const measure = lag(() => given as never);
      expect((await checked(measure)).verdict).toBe('BLOCKED');
      expect(await probed(measure)).toContain('and no number');
    },
  );

  test('says what it expects, and gives evidence that a journal can keep', async () => {
    expect(checkOf(lag(() => 1)).expect).toBe('lag: at most 12 h; critical above 24 h');
    expect(checkOf({ ...lag(() => 1), warning: 95, critical: 80, worse: 'below' }).expect).toBe(
      'lag: at least 95 h; critical below 80 h',
    );
    expect(checkOf({ name: 'count', unit: 'snapshots', measure: () => 1 }).expect).toBe('count: any figure');
    await fc.assert(
      fc.asyncProperty(fc.double(), fc.anything(), async (value, evidence) => {
        const finding = await checked(lag(() => ({ value, observed: 'x', evidence }) as never));
        expect(firstLoss(finding.evidence, '')).toBe(undefined);
      }),
    );
  });

  test('that is interrupted says nothing', async () => {
    const stop = new AbortController();
    const measure = lag(() => {
      stop.abort('SIGTERM');
      throw new StepError('command.interrupted', 'interrupted');
    });
    await expect(checkOf(measure).run({ signal: stop.signal } as never)).rejects.toBe('SIGTERM');
  });
});
