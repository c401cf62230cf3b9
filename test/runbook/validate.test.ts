import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fragment, operation, runbook, validate, type Runbook } from '../../src/runbook/index.ts';
import { cpuMs } from '../cpu-time.ts';

/** A chain without its types, as a runbook is when Node.js has stripped them. */
// oxlint-disable-next-line typescript/no-explicit-any -- what the compiler would refuse is the very subject
type Unchecked = any;
const begin = (options: object = { summary: 'a sample' }, id: unknown = 'sample'): Unchecked =>
  runbook(id as string, options as { summary: string });
const piece = (options: object = {}): Unchecked => fragment(options);

const look = { readonly: true, commands: () => [{ argv: ['true'] }] };
const remove = operation({
  operation: 'remove',
  version: 1,
  input: z.object({}),
  reversal: 'irreversible',
  commands: () => [],
});

function problemsOf(chain: unknown): string {
  try {
    validate(chain, 'sample.ts');
  } catch (error) {
    expect(error).toMatchObject({ code: 'runbook.invalid', exitCode: 2 });
    return (error as Error).message;
  }
  return '';
}

describe('validate', () => {
  it.each([
    ['nothing', undefined],
    ['a number', 5],
    ['a function', () => begin()],
    ['a promise', Promise.resolve(begin())],
    ['a fragment', piece()],
  ])('refuses %s in place of a runbook', (_, value) => {
    expect(() => validate(value, 'sample.ts')).toThrow(
      expect.objectContaining({
        code: 'runbook.not-one',
        exitCode: 2,
        hint: expect.stringContaining('runbook('),
      }),
    );
  });

  it.each<[string, () => unknown, string]>([
    [
      'an id in capitals',
      () => begin(undefined, 'Sample').step('a', look),
      'its id "Sample" must be lower-case',
    ],
    ['no id', () => runbook(null as never, { summary: 'x' }), 'its id null must be'],
    ['no summary', () => begin({}).step('a', look), 'options: summary: '],
    [
      'an unknown option',
      () => begin({ summary: 'x', tool: ['rsync'] }).step('a', look),
      'options: unknown key "tool". Did you mean "tools"?',
    ],
    [
      'parameters that are no object',
      () => begin({ summary: 'x', params: z.string() }).step('a', look),
      'options: params: must be a z.object(…)',
    ],
    ['no steps', () => begin(), 'it has no steps'],
    ['a step without a definition', () => begin().step('a'), 'step "a" has no definition'],
    [
      'a step without an id',
      () => begin().step(undefined, look),
      'a step has the id undefined, which is no text',
    ],
    [
      'a step id with spaces',
      () => begin().step('copy data', look),
      'the step id "copy data" must be lower-case',
    ],
    ['a duplicate id', () => begin().step('a', look).step('a', look), 'the step id "a" is used twice'],
    [
      'an unknown need',
      () =>
        begin()
          .step('snapshot', look)
          .step('b', { ...look, needs: ['snapshto'] }),
      'step "b" needs "snapshto", and there is no such step. Did you mean "snapshot"?',
    ],
    [
      'a need that comes later',
      () =>
        begin()
          .step('a', { ...look, needs: ['b'] })
          .step('b', look),
      'step "a" needs "b", which comes later',
    ],
    [
      'a step that needs itself',
      () => begin().step('a', { ...look, needs: ['a'] }),
      'step "a" needs "a", which',
    ],
    ['needs that are no list', () => begin().step('a', { ...look, needs: 'b' }), 'step "a": needs: '],
    [
      'an unknown key',
      () => begin().step('a', { ...look, verfy: () => {} }),
      'step "a": unknown key "verfy". Did you mean "verify"?',
    ],
    [
      'an unknown key further in',
      () => begin().step('a', { ...look, retry: { retries: 1, delay: 5 } }),
      'step "a": retry: unknown key "delay".',
    ],
    [
      'no reversal',
      () => begin().step('a', { commands: () => [] }),
      `step "a" does not say how it is undone: give undo, or irreversible: 'why', or readonly: true`,
    ],
    [
      'two reversals',
      () => begin().step('a', { ...look, irreversible: 'gone' }),
      'step "a" says irreversible and readonly; it can be only one',
    ],
    [
      'an irreversible step that does not say why',
      () => begin().step('a', { commands: () => [], irreversible: '' }),
      'step "a": irreversible: must say why',
    ],
    [
      'a step that only reads and must be confirmed',
      () => begin().step('a', { ...look, confirmWithin: '10m' }),
      'step "a" has confirmWithin, which undoes it when nobody confirms, and it has no undo: it only reads',
    ],
    [
      'an irreversible operation that must be confirmed',
      () => begin().step('a', { use: remove, with: () => ({}), irreversible: 'gone', confirmWithin: '10m' }),
      'step "a" has confirmWithin, which undoes it when nobody confirms, and it has no undo: it is irreversible',
    ],
    [
      'a time to confirm that is none',
      () => begin().step('a', { commands: () => [], undo: () => [], confirmWithin: 'soon' }),
      'step "a": confirmWithin: must be such as 90s, 30m or 24h',
    ],
    [
      'a step that takes effect at a boot that nobody asks for, and must be confirmed after it',
      () =>
        begin()
          .step('a', { commands: () => [], undo: () => [], confirmWithin: '1h', effective: 'at-boot' })
          .reboot('restart', { instructions: 'x' }),
      `step "a" takes effect at boot and has confirmWithin, and no reboot needs it: add .reboot(…, { needs: ['a'] })`,
    ],
    [
      'an undo by code that says nothing for a rescue',
      () => begin().step('a', { commands: () => [], undo: { describe: 'x', run: () => {} } }),
      'step "a": undo: must be a function that gives data, or { describe, run, breakGlass }',
    ],
    [
      'an irreversible operation without the sentence',
      () => begin().step('a', { use: remove, with: () => ({}) }),
      `step "a" uses remove, which cannot be undone: say what is lost with irreversible: 'why'`,
    ],
    [
      'an operation that says it can be undone and has no undo',
      () => begin().step('a', { use: { ...remove, reversal: 'undo' }, with: () => ({}) }),
      'step "a" uses remove, which says it can be undone and has no undo',
    ],
    [
      'an operation with an unknown key',
      () => begin().step('a', { use: { ...remove, vrify: 1 }, with: () => ({}), irreversible: 'gone' }),
      'step "a": use: unknown key "vrify".',
    ],
    [
      'an operation that was not imported',
      () => begin().step('a', { use: undefined, with: () => ({}) }),
      'step "a": use: ',
    ],
    [
      'commands and run',
      () => begin().step('a', { ...look, run: () => {} }),
      'step "a" must have either commands or run, not both',
    ],
    [
      'neither commands nor run',
      () => begin().step('a', { readonly: true }),
      'step "a" must have either commands or run',
    ],
    [
      'run without describe',
      () => begin().step('a', { readonly: true, run: () => {} }),
      'and does not describe',
    ],
    [
      'commands with describe',
      () => begin().step('a', { ...look, describe: 'x' }),
      'which speak for themselves',
    ],
    [
      'commands that are no function',
      () => begin().step('a', { ...look, commands: [] }),
      'step "a": commands: must be a function',
    ],
    [
      'an output without a result',
      () => begin().step('a', { ...look, output: z.object({}) }),
      'step "a" has commands and an output, and no result',
    ],
    [
      'a result without an output',
      () => begin().step('a', { ...look, result: () => 1 }),
      'step "a" has a result and no output schema',
    ],
    [
      'run with a result',
      () =>
        begin().step('a', {
          readonly: true,
          run: () => {},
          describe: 'x',
          output: z.object({}),
          result: () => 1,
        }),
      'step "a" has run, which gives the output itself',
    ],
    [
      'an output that is no schema',
      () => begin().step('a', { ...look, output: {} }),
      'step "a": output: must be a schema made with z',
    ],
    [
      'a time limit without a unit',
      () => begin().step('a', { ...look, timeout: '90' }),
      'step "a": timeout: must be such as 90s',
    ],
    [
      'a time limit of nothing',
      () => begin().step('a', { ...look, timeout: '0s' }),
      'step "a": timeout: must be such as 90s',
    ],
    [
      'an unknown way to fail',
      () => begin().step('a', { ...look, onFailure: 'ignore' }),
      'step "a": onFailure: ',
    ],
    [
      'a health check without an id',
      () => begin({ summary: 'x', health: [{ expect: 'x', run: () => {} }] }),
      'a health check has the id undefined: lower-case words joined by dashes are expected',
    ],
    [
      'two health checks of one id',
      () => begin({ summary: 'x', health: ['a', 'a'].map((id) => ({ id, expect: 'x', run: () => {} })) }),
      'the health check "a" is there twice',
    ],
    [
      'a health check that acts',
      () => begin({ summary: 'x', health: [{ id: 'a', expect: 'x', run: () => {}, undo: () => [] }] }),
      'step "a": unknown key "undo"',
    ],
    ['a check that expects nothing', () => begin().check('a', { run: () => {} }), 'step "a": expect: '],
    ['a confirmation that asks nothing', () => begin().confirm('a', {}), 'step "a": ask: '],
    [
      'typed input that is no object',
      () => begin().manual('a', { instructions: 'x', input: z.string() }),
      'step "a": input: must be a z.object(…)',
    ],
    [
      'a soak without an end',
      () => begin().soak('a', { max: '2h', probes: [{ name: 'x', check: () => true }] }),
      'step "a": min: must be such as 24h',
    ],
    [
      'a soak that asks nothing',
      () => begin().soak('a', { min: '1h', max: '2h', probes: [] }),
      'step "a": probes: must ask at least one question',
    ],
    [
      'two questions of one name, of which one answer would be lost',
      () => {
        const probe = { name: 'x', check: () => true };
        return begin().soak('a', { min: '1h', max: '2h', probes: [probe, probe] });
      },
      'step "a": probes: must have a name of its own each',
    ],
    [
      'a probe that neither looks nor counts',
      () => begin().soak('a', { min: '1h', max: '2h', probes: [{ name: 'x' }] }),
      'step "a": probes.0: must have either a check (is it healthy now?) or a counter',
    ],
    [
      'a probe that both looks and counts',
      () => {
        const probe = { name: 'x', check: () => true, counter: () => '' };
        return begin().soak('a', { min: '1h', max: '2h', probes: [probe] });
      },
      'step "a": probes.0: must have either a check (is it healthy now?) or a counter',
    ],
    [
      'a soak that only counts',
      () => begin().soak('a', { min: '1h', max: '2h', probes: [{ name: 'x', counter: () => '' }] }),
      'step "a": probes: must have at least one check',
    ],
    [
      'a check that lasts',
      () => {
        const probe = { name: 'x', check: () => true, lasts: 'boots' };
        return begin().soak('a', { min: '1h', max: '2h', probes: [probe] });
      },
      'step "a": probes.0: has lasts, which says how long a counter lasts, and no counter',
    ],
    [
      'a probe of an unknown kind, with the word that was meant',
      () => begin().soak('a', { min: '1h', max: '2h', probes: [{ name: 'x', chek: () => true }] }),
      'unknown key "chek"',
    ],
    [
      'a tolerance that is none',
      () => begin().soak('a', { ...soak([]), tolerate: -1 }),
      'step "a": tolerate:',
    ],
    [
      'a soak that keeps an unknown step fresh',
      () =>
        begin()
          .step('copy', look)
          .soak('a', soak(['cpy'])),
      'soak "a" keeps "cpy" fresh, and no earlier step has that id. Did you mean "copy"?',
    ],
    [
      'a soak that keeps fresh what cannot prove itself',
      () =>
        begin()
          .step('copy', { commands: () => [], irreversible: 'it is sent' })
          .soak('a', soak(['copy'])),
      'soak "a" keeps "copy" fresh, which cannot prove itself again: name a check, a step that only reads, or one with a verify',
    ],
    [
      'a fragment that is none',
      () => begin().use(begin(), { prefix: 'x' }),
      '.use(…, { prefix: "x" }) was not given a fragment',
    ],
    ['a fragment without options', () => begin().use(piece().step('a', look)), '.use(…): prefix: '],
    [
      'a fragment with an unknown option',
      () => begin().use(piece(), { prefix: 'x', need: [] }),
      '.use(…): unknown key "need". Did you mean "needs"?',
    ],
    [
      'a fragment whose parameter the runbook lacks',
      () =>
        begin().use(piece({ params: z.object({ dataset: z.string() }) }).step('a', look), { prefix: 'x' }),
      'the fragment at "x" needs the parameter "dataset", which this runbook lacks',
    ],
    [
      'a fragment that needs an unknown step',
      () =>
        begin()
          .step('start', look)
          .use(piece().step('a', look), { prefix: 'x', needs: ['strat'] }),
      'step "x-a" needs "strat", and there is no such step. Did you mean "start"?',
    ],
    [
      'a fragment that is passed what it does not need',
      () => begin().use(piece().step('a', look), { prefix: 'x', passes: ['start'] }),
      'passes the output of "start", which it does not need',
    ],
    [
      'two fragments with one prefix',
      () =>
        begin().use(piece().step('a', look), { prefix: 'x' }).use(piece().step('a', look), { prefix: 'x' }),
      'the step id "x-a" is used twice',
    ],
  ])('refuses %s, and says so', (_, chain, says) => {
    expect(problemsOf(chain())).toContain(says);
  });

  it('names every problem at once', () => {
    const message = problemsOf(
      begin()
        .step('A', look)
        .step('b', {})
        .step('c', { ...look, needs: ['d'] }),
    );
    expect(message.split('\n').filter((line) => line.startsWith('  - '))).toHaveLength(3);
  });

  it('puts the steps of fragments in their place, nested ones too, with the names that their steps know', () => {
    const inner = piece()
      .step('a', look)
      .step('b', { ...look, needs: ['a'] });
    const outer = piece()
      .phase('outer')
      .step('first', look)
      .use(inner, { prefix: 'in', needs: ['first'] })
      .soak('wait', soak([]));
    const { nodes } = validate(
      begin()
        .step('start', look)
        .phase('page')
        .use(outer, { prefix: 'x', needs: ['start'] })
        .use(inner, { prefix: 'y', needs: ['start'], passes: ['start'] }),
      's',
    );
    expect(nodes.map(({ id, needs, outputNames, phase }) => ({ id, needs, outputNames, phase }))).toEqual([
      { id: 'start', needs: [], outputNames: {}, phase: undefined },
      { id: 'x-first', needs: ['start'], outputNames: {}, phase: 'outer' },
      { id: 'x-in-a', needs: ['x-first'], outputNames: {}, phase: 'outer' },
      { id: 'x-in-b', needs: ['x-in-a'], outputNames: { 'x-in-a': 'a' }, phase: 'outer' },
      { id: 'x-wait', needs: ['start'], outputNames: {}, phase: 'outer' },
      { id: 'y-a', needs: ['start'], outputNames: { start: 'start' }, phase: 'page' },
      { id: 'y-b', needs: ['y-a'], outputNames: { start: 'start', 'y-a': 'a' }, phase: 'page' },
    ]);
  });

  it('renames what a soak within a fragment keeps fresh', () => {
    const group = piece()
      .step('copy', { ...look, verify: () => {} })
      .soak('wait', soak(['copy']));
    const { nodes } = validate(begin().use(group, { prefix: 'x' }), 's');
    expect(nodes[1]).toMatchObject({ kind: 'soak', fresh: ['x-copy'], maxGap: '10m' });
  });

  it('refuses claims that are not understood, when they are asked for', () => {
    const claiming = (claims: unknown): Runbook =>
      validate(begin({ summary: 'x', claims: () => claims }).step('a', look), 's');
    expect(claiming([{ kind: 'path', path: '/nix', role: 'source' }]).claims({ params: {} })).toHaveLength(1);
    for (const wrong of [[{ kind: 'path', path: 'nix', role: 'source' }], [{ kind: 'disk' }], 'x']) {
      expect(() => claiming(wrong).claims({ params: {} })).toThrow(
        expect.objectContaining({ code: 'runbook.claims', exitCode: 2 }),
      );
    }
  });

  it('takes 2,000 steps in well under a second', () => {
    const chain = Array.from({ length: 2_000 }).reduce<Unchecked>(
      (so, _, index) => so.step(`s${index}`, { ...look, needs: index === 0 ? [] : [`s${index - 1}`] }),
      begin(),
    );
    const ms = cpuMs(() => {
      expect(validate(chain, 's').nodes).toHaveLength(2_000);
    });
    expect(ms).toBeLessThan(1_000);
  });
});

function soak(fresh: readonly string[]): object {
  return { min: '1h', max: '2h', fresh, probes: [{ name: 'up', check: () => true }] };
}

describe('whatever a module may export', () => {
  it('is a runbook or is refused as none, with what to write instead', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything({ withNullPrototype: true, withBigInt: true, withMap: true, withTypedArray: true }),
          fc.func(fc.anything()),
          fc.anything().map((value) => Promise.resolve(value)),
        ),
        (value) => {
          expect(() => validate(value, 'sample.ts')).toThrow(
            expect.objectContaining({
              code: 'runbook.not-one',
              exitCode: 2,
              hint: expect.any(String) as string,
            }),
          );
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('is refused as any other mistake where looking at it throws', () => {
    const odd: unknown[] = [
      { length: Object.create(null) as unknown },
      {
        get length() {
          throw new Error('not now');
        },
      },
    ];
    for (const summary of odd) {
      expect(() => validate(begin({ summary }).step('a', look), 'sample.ts')).toThrow(
        expect.objectContaining({ exitCode: 2, message: expect.stringContaining('options: ') }),
      );
    }
  });

  it('in the places of a real one is refused with the place, or taken, and never crashes', () => {
    const odd = fc.anything({ withNullPrototype: true, withBigInt: true });
    fc.assert(
      fc.property(odd, fc.dictionary(fc.constantFrom(...stepKeys), odd), odd, (id, options, summary) => {
        let chain: unknown;
        try {
          chain = begin({ summary }).step(id, options).check('c', options).soak('s', options);
        } catch {
          // While the module is loaded, which names it with the line.
          return;
        }
        try {
          validate(chain, 'sample.ts');
        } catch (error) {
          expect(error).toMatchObject({ exitCode: 2 });
          expect((error as { code: string }).code).toMatch(/^runbook\./);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

const stepKeys = [
  ...[
    'title',
    'needs',
    'commands',
    'run',
    'describe',
    'undo',
    'irreversible',
    'readonly',
    'probe',
    'capture',
  ],
  ...[
    'output',
    'verify',
    'when',
    'idempotent',
    'effective',
    'onFailure',
    'retry',
    'use',
    'with',
    'min',
    'max',
  ],
  ...['probes', 'fresh', 'expect', 'confirmWithin'],
] as const;
