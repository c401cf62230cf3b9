import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fingerprintOf, recordNodes } from '../../src/plan/fingerprint.ts';
import { secret, validate } from '../../src/runbook/index.ts';
import { blind, chain, makes, type Unchecked } from '../engine/samples.ts';

const params = { hours: '24h', password: secret('x').parse('env:PASSWORD') };
const printOf = (build: (so: Unchecked) => Unchecked, given: unknown = params) =>
  fingerprintOf(recordNodes(validate(build(chain()), 'a test'), given));

const up = { name: 'up', check: () => true };
const soak = (more: object) => (so: Unchecked) =>
  so.soak('a', { min: '24h', max: '48h', probes: [{ name: 'up', check: () => true }], ...more });
const step = (more: object) => (so: Unchecked) => so.step('a', makes('/a', more));
const use = (more: object, input: object = { from: '/x', to: '/y' }) => {
  const operation = {
    ...{
      operation: 'copy',
      version: 1,
      input: z.object({}).loose(),
      reversal: 'readonly',
      commands: () => [],
      ...more,
    },
  };
  return (so: Unchecked) => so.step('a', { use: operation, with: () => input });
};

describe('the fingerprint of a runbook', () => {
  it.each<[string, (so: Unchecked) => Unchecked, (so: Unchecked) => Unchecked]>([
    ['the same again', step({}), step({})],
    ['another title', step({}), step({ title: 'A' })],
    ['another text of a function', step({ verify: () => {} }), step({ verify: () => void 0 })],
    ['keys in another order', use({}, { from: '/x', to: '/y' }), use({}, { to: '/y', from: '/x' })],
    ['the body of an operation of the same version', use({}), use({ commands: () => [{ argv: ['x'] }] })],
    [
      'a length of the soak from a function that gives the same',
      soak({}),
      soak({ min: ({ params }: Unchecked) => params.hours }),
    ],
    ['the same length in another unit', soak({}), soak({ max: '2d' })],
    ['what is so when left out', soak({}), soak({ tolerate: 0, maxGap: '10m' })],
    [
      'another text of a counter',
      soak({ probes: [up, { name: 'restarts', counter: () => '' }] }),
      soak({ probes: [up, { name: 'restarts', counter: () => '0', lasts: 'boot' }] }),
    ],
    [
      'another question of a gate',
      (so) => so.confirm('a', { ask: 'x' }),
      (so) => so.confirm('a', { ask: 'y' }),
    ],
  ])('stays with %s', (_, one, other) => {
    expect(printOf(one)).toBe(printOf(other));
  });

  it.each<[string, (so: Unchecked) => Unchecked, (so: Unchecked) => Unchecked]>([
    ['another id', step({}), (so) => so.step('b', makes('/a'))],
    ['another command', step({}), step({ commands: ({ sh }: Unchecked) => [sh`make /b`] })],
    [
      'other accepted exit codes',
      step({}),
      step({ commands: ({ sh }: Unchecked) => [sh.with({ ok: [1] })`make /a`] }),
    ],
    [
      'another environment',
      step({}),
      step({ commands: ({ sh }: Unchecked) => [sh.with({ env: { A: 'b' } })`make /a`] }),
    ],
    ['another reversal', step({}), step({ undo: undefined, readonly: true })],
    ['another moment of effect', step({}), step({ effective: 'at-boot' })],
    ['other locks', step({}), step({ locks: ['disk'] })],
    ['another output', step({}), step({ output: z.object({ a: z.string() }), result: () => ({ a: '' }) })],
    ['another version of an operation', use({}), use({ version: 2 })],
    ['another operation', use({}), use({ operation: 'move' })],
    ['another input', use({}), use({}, { from: '/z' })],
    ['another length of a soak', soak({}), soak({ min: '1h' })],
    ['another tolerance', soak({}), soak({ tolerate: 1 })],
    [
      'a counter in place of a check',
      soak({ probes: [up, { name: 'restarts', check: () => true }] }),
      soak({ probes: [up, { name: 'restarts', counter: () => '' }] }),
    ],
    [
      'a counter that lasts over boots',
      soak({ probes: [up, { name: 'restarts', counter: () => '' }] }),
      soak({ probes: [up, { name: 'restarts', counter: () => '', lasts: 'boots' }] }),
    ],
    ['another longest gap', soak({}), soak({ maxGap: '1m' })],
    ['other probes', soak({}), soak({ probes: [{ name: 'down', check: () => true }] })],
    [
      'other typed input',
      (so) => so.confirm('a', { ask: 'x' }),
      (so) => so.confirm('a', { ask: 'x', input: z.object({ a: z.string() }) }),
    ],
  ])('changes with %s', (_, one, other) => {
    expect(printOf(one)).not.toBe(printOf(other));
  });

  it('changes with a command whose values only a run knows, and is not at the mercy of those values', () => {
    const one = (word: string) => (so: Unchecked) =>
      so.step('a', {
        ...blind('/a'),
        commands: ({ captured, run, params, sh }: Unchecked) => [
          sh.with({
            env: { PASSWORD: params.password, NAME: captured.name },
          })`make ${captured.list[3]}/${run.id} ${word}`,
        ],
      });
    expect(printOf(one('x'))).toBe(printOf(one('x')));
    expect(printOf(one('x'))).not.toBe(printOf(one('y')));
  });

  it('holds no secret and no value of a parameter in the clear', () => {
    const nodes = recordNodes(validate(chain().step('a', makes('/canary')), 'a test'), params);
    expect(JSON.stringify(nodes)).not.toContain('canary');
  });
});
