import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PastRun } from '../../src/index.ts';
import { standingOf } from '../../runbooks/persistence-programme/evidence.ts';
import { params } from '../../runbooks/persistence-programme/params.ts';
import { before, commandFor, phases } from '../../runbooks/persistence-programme/phases.ts';
import { timeOf, timeText, total } from '../../runbooks/persistence-programme/times.ts';
import { loadRunbook } from '../../src/host/runbook-file.ts';

const wanted = params.parse({ flake: '/etc/nixos', repository: '/r', password: 'file:/p', pitr: true });
const ids = (number: number) => phases[number - 1]?.works(wanted).map(({ runbook }) => runbook);
const hour = 3_600_000;

const run = (changes: Partial<PastRun> = {}): PastRun => ({
  id: 'sonarr-20261101-aaaa',
  runbook: 'sonarr',
  status: 'completed',
  params: {},
  startedAt: '2026-11-01T10:00:00.000Z',
  lastAt: '2026-11-03T10:00:00.000Z',
  waitsAt: [],
  workedMs: 2 * hour,
  done: [{ step: 'prove', at: '2026-11-01T10:10:00.000Z', output: { proven: true, snapshot: 'f00dcafe' } }],
  ...changes,
});
const sonarr = { runbook: 'sonarr', proves: true };

describe('the order of the phases', () => {
  test('is 1, 2, 3, 4, 5, and 6 after 3; each runs what it is named after', () => {
    expect(phases.map((phase) => before(phase).map(({ number }) => number))).toEqual([
      [],
      [1],
      [1, 2],
      [1, 2, 3],
      [1, 2, 3, 4],
      [1, 2, 3],
    ]);
    expect([1, 2, 3, 4, 6].map(ids)).toEqual([
      ['storage-datasets'],
      ['sonarr'],
      ['radarr', 'plex', 'home-assistant', 'postgres'],
      ['zfs-replication'],
      ['postgres-pitr'],
    ]);
    expect(phases[4].works(wanted).map(({ params: { service } }) => service)).toEqual([
      'sonarr',
      'radarr',
      'plex',
      'home-assistant',
    ]);
    expect(phases[5].works({ ...wanted, pitr: false })).toEqual([]);
  });

  test('is 17 to 27 hours in all', () => {
    expect(total(phases.map((phase) => timeOf(phase, []))).planned).toEqual([17, 27]);
  });

  test('is held by the graph: a phase begins when the one before it was left at its place to stop', async () => {
    const { runbook } = await loadRunbook('persistence-programme');
    const needs = (id: string) => runbook.nodes.find((node) => node.id === id)?.needs;
    expect([2, 3, 4, 5, 6].map((number) => needs(`phase-${number}-earlier`))).toEqual(
      [1, 2, 3, 4, 3].map((number) => [`phase-${number}-stop`]),
    );
    expect(needs('phase-4-work')).toEqual(['phase-4-prove']);
  });

  test('is typed as a command that names what the run is for', () => {
    expect(commandFor({ runbook: 'preseed', params: { service: 'plex' } }, '/etc/nixos')).toBe(
      'migrate run preseed --set service=plex --set flake=/etc/nixos',
    );
  });
});

describe('what counts as evidence', () => {
  test('is a completed run with a proven backup', () => {
    expect(standingOf(sonarr, [run()])).toMatchObject({
      done: true,
      run: 'sonarr-20261101-aaaa',
      snapshot: 'f00dcafe',
      workedMs: 2 * hour,
    });
    expect(standingOf(sonarr, [run({ done: [] })])).toMatchObject({
      done: false,
      why: 'sonarr: sonarr-20261101-aaaa is completed, and proves no backup',
    });
    expect(standingOf({ runbook: 'sonarr' }, [run({ done: [] })])).toMatchObject({ done: true });
  });

  test.each([
    [[], 'sonarr: not begun'],
    [[run({ status: 'rolled-back' })], 'was rolled back on 2026-11-03'],
    [[run({ status: 'aborted' })], 'was aborted on 2026-11-03'],
    [[run({ status: 'running', waitsAt: ['settle'] })], 'waits at settle since 2026-11-03'],
    [[run({ status: 'running' })], 'is under way'],
    [[run({ status: 'damaged', startedAt: '' }), run()], 'is damaged; see: migrate doctor'],
    // Completed once, and touched since.
    [[run(), run({ status: 'rolling-back' })], 'is being rolled back'],
  ])('is none of it otherwise: %#', (runs, why) => {
    const standing = standingOf(sonarr, runs);
    expect(standing.done ? 'done' : standing.why).toContain(why);
  });

  test('is undone by a later run that brings it back, and not by one that was taken back, or lies before it', () => {
    const back = (changes: Partial<PastRun>) =>
      run({ id: 'sonarr-back-x', runbook: 'sonarr-back', startedAt: '2026-11-05T10:00:00.000Z', ...changes });
    const why = (changes: Partial<PastRun>) => {
      const standing = standingOf(sonarr, [run()], [back(changes)]);
      return standing.done ? 'done' : standing.why;
    };
    expect(why({ lastAt: '2026-11-05T11:00:00.000Z' })).toContain(
      'sonarr-back-x has brought it back on 2026-11-05',
    );
    expect(why({ status: 'running' })).toContain('sonarr-back-x is under way');
    expect(why({ status: 'rolled-back' })).toBe('done');
    expect(why({ startedAt: '2026-10-05T10:00:00.000Z' })).toBe('done');
  });

  test('is a run for the same thing, where a runbook is run for several', () => {
    const preseed = { runbook: 'preseed', params: { service: 'sonarr' } };
    const other = run({ params: { service: 'plex' } });
    expect(standingOf(preseed, [other])).toMatchObject({ why: 'preseed sonarr: not begun' });
    expect(standingOf(preseed, [other, run({ params: { service: 'sonarr' } })])).toMatchObject({
      done: true,
    });
  });

  test('is never there without a completed run, and never with one under way', () => {
    const status = fc.constantFrom(
      ...(['running', 'completed', 'rolling-back', 'rolled-back', 'aborted', 'moved', 'damaged'] as const),
    );
    fc.assert(
      fc.property(fc.array(status, { maxLength: 6 }), (all) => {
        const { done } = standingOf(
          sonarr,
          all.map((one) => run({ status: one })),
        );
        const hinders = all.some((one) => ['running', 'rolling-back', 'damaged'].includes(one));
        expect(done).toBe(all.includes('completed') && !hinders);
      }),
    );
  });
});

describe('what a phase has taken', () => {
  const phase = phases[1];
  const standings = [standingOf(sonarr, [run({ workedMs: 2.5 * hour })])];

  test('is told as hours of work and as time from start to end, against what was planned', () => {
    expect(timeText(timeOf(phase, standings))).toBe(
      '2.5 h of work, 2.0 days from start to end; 2–3 h planned',
    );
    expect(timeText(timeOf(phase, [standingOf(sonarr, [run({ workedMs: 4 * hour })])]))).toContain(
      'more than the 2–3 h planned',
    );
    expect(timeText(timeOf(phase, []))).toBe('its times are not known; 2–3 h planned');
  });
});
