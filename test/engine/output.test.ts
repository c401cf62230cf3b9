import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { blind, chain, type Unchecked } from './samples.ts';
import { Stage } from './stage.ts';

const gives = (output: unknown, value: unknown, more: object = {}) => ({
  output,
  describe: 'gives',
  run: async () => value,
  readonly: true,
  ...more,
});

describe("a step's output", () => {
  it('is parsed once by its schema, kept as parsed, and handed to those that need it', async () => {
    const seen: unknown[] = [];
    const stage = new Stage(
      chain()
        .step('a', gives(z.object({ size: z.string().transform(Number) }), { size: '5', more: 1 }))
        .step(
          'b',
          gives(undefined, undefined, {
            needs: ['a'],
            run: async ({ outputs }: Unchecked) => seen.push(outputs),
          }),
        ),
    );
    await stage.run();
    expect(stage.of('step.completed')[0]?.output).toEqual({ size: 5 });
    expect(seen).toEqual([{ a: { size: 5 } }]);
  });

  it.each([
    ['does not fit its schema', z.object({ size: z.number() }), { size: 'x' }, 'step.output', 'size: '],
    ['is a date', z.object({ at: z.date() }), { at: new Date(0) }, 'step.output-json', 'at is a Date'],
    ['is not finite', z.object({ n: z.any() }), { n: Number.NaN }, 'step.output-json', 'n is NaN'],
    ['is a bigint', z.object({ n: z.bigint() }), { n: 1n }, 'step.output-json', 'n is of type bigint'],
  ])('that %s fails the step before its checkpoint', async (_, schema, value, code, says) => {
    const stage = new Stage(chain().step('a', gives(schema, value)));
    expect(await stage.run()).toMatchObject({ status: 'failed', exitCode: 1 });
    expect(stage.of('step.failed')).toMatchObject([
      { error: { code, message: expect.stringContaining(says) } },
    ]);
    expect(stage.of('step.completed')).toEqual([]);
  });

  it('is read from what the commands printed', async () => {
    const stage = new Stage(
      chain().step('a', {
        ...blind('/a'),
        commands: ({ sh }: Unchecked) => [sh`size /x`, sh`size /y`],
        output: z.object({ total: z.number() }),
        result: ({ results }: Unchecked) => ({
          total: results.reduce((sum: number, { stdout }: Unchecked) => sum + Number(stdout), 0),
        }),
      }),
    );
    stage.program('size', ([path]) => (path === '/x' ? '3' : '4'));
    await stage.run();
    expect(stage.of('step.completed')[0]?.output).toEqual({ total: 7 });
  });

  it('is not taken from a step that fails its verification', async () => {
    const verify = ({ output }: Unchecked) => {
      if (output.size < 10) throw new Error(`only ${output.size}`);
    };
    const stage = new Stage(
      chain().step('a', gives(z.object({ size: z.number() }), { size: 5 }, { verify })),
    );
    expect((await stage.run()).message).toContain('only 5');
    expect(stage.of('step.completed')).toEqual([]);
  });

  it('records when the result was proven, and that it was not where there is no proof', async () => {
    const stage = new Stage(
      chain()
        .step('a', blind('/a', { verify: () => {} }))
        .step('b', blind('/b')),
    );
    await stage.run();
    const [a, b] = stage.of('step.completed');
    expect([a?.verified, typeof a?.clocks?.wall, b?.verified, b?.clocks]).toEqual([
      true,
      'number',
      false,
      undefined,
    ]);
  });
});

describe("an operation's input", () => {
  const use = {
    operation: 'copy',
    version: 1,
    input: z.object({ from: z.string().startsWith('/'), deep: z.boolean().default(true) }),
    reversal: 'undo',
    commands: ({ input, sh }: Unchecked) => [sh`make ${input.from}-${String(input.deep)}`],
    undo: ({ input, sh }: Unchecked) => [sh`remove ${input.from}-${String(input.deep)}`],
  };

  it('is parsed before anything of the operation runs', async () => {
    const stage = new Stage(chain().step('a', { use, with: () => ({ from: '/x' }) }));
    await stage.run();
    expect(stage.acts).toEqual(['make /x-true']);
  });

  it('fails the step when it does not fit, with the name of the operation and of the field', async () => {
    const stage = new Stage(chain().step('a', { use, with: () => ({ from: 'x' }) }));
    expect((await stage.run()).message).toMatch(/step "a" gives copy what it does not take: from: /);
    expect(stage.acts).toEqual([]);
  });
});

describe('a check', () => {
  const check = (finding: unknown) => ({ expect: 'a disk', run: () => finding });

  it.each(['PASS', 'PARTIAL', 'BLOCKED'])(
    'that ends %s lets the run go on, with its evidence',
    async (verdict) => {
      const finding = { verdict, observed: 'something', evidence: { device: '8:1' } };
      const stage = new Stage(chain().check('a', check(finding)));
      expect(await stage.run()).toMatchObject({ status: 'completed' });
      expect(stage.of('step.completed')).toMatchObject([{ output: finding, verified: true }]);
    },
  );

  it('that ends FAIL fails the run, with what was expected and observed', async () => {
    const stage = new Stage(chain().check('a', check({ verdict: 'FAIL', observed: 'a tmpfs' })));
    expect((await stage.run()).message).toContain('expected a disk; observed a tmpfs');
  });

  it.each([undefined, null, 'PASS', { verdict: 'OK', observed: 'x' }, { verdict: 'PASS' }])(
    'that gives %j fails, since no unknown verdict may pass for a good one',
    async (finding) => {
      const stage = new Stage(chain().check('a', check(finding)));
      expect(await stage.run()).toMatchObject({ status: 'failed' });
      expect(stage.of('step.failed')).toMatchObject([{ error: { code: 'check.finding' } }]);
    },
  );

  it('is run again on a resume, since it only reads', async () => {
    let passes = false;
    const stage = new Stage(
      chain().check('a', { expect: 'x', run: () => ({ verdict: passes ? 'PASS' : 'FAIL', observed: 'y' }) }),
    );
    expect((await stage.run()).status).toBe('failed');
    passes = true;
    expect((await stage.run()).status).toBe('completed');
  });
});
