import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { chain, makes, type Unchecked } from './samples.ts';
import { Stage } from './stage.ts';

const operation = (more: object = {}) => ({
  ...{ operation: 'copy', version: 1, input: z.object({ from: z.string() }), reversal: 'undo' },
  commands: ({ input, sh }: Unchecked) => [sh`make ${input.from}`],
  undo: ({ input, sh }: Unchecked) => [sh`remove ${input.from}`],
  ...more,
});

type Edits = Readonly<Record<string, object>>;
type Step = readonly [kind: 'step' | 'check' | 'confirm' | 'soak' | 'manual', id: string, what: object];

const soak = { min: '24h', max: '48h', probes: [{ name: 'up', check: () => true }] };
const check = { expect: 'room', run: () => ({ verdict: 'PASS', observed: 'x' }) };

/** Each kind of step once before the gate, which is done, and once behind it, which is to come. */
const original: readonly Step[] = [
  ['check', 'room', check],
  [
    'step',
    'count',
    {
      ...makes('/count', { probe: undefined }),
      output: z.object({ files: z.number() }),
      result: () => ({ files: 7 }),
    },
  ],
  ['step', 'copy', { use: operation(), with: () => ({ from: '/copy' }), needs: ['count'] }],
  ['step', 'seldom', makes('/seldom', { when: () => false })],
  ['step', 'code', { describe: 'does', run: async () => {}, undo: ({ sh }: Unchecked) => [sh`true`] }],
  ['confirm', 'go', { ask: 'go?', needs: ['copy'] }],
  ['step', 'net', makes('/net', { needs: ['go'], confirmWithin: '10m' })],
  ['soak', 'settle', { ...soak, needs: ['net'] }],
  ['step', 'tidy', { use: operation(), with: () => ({ from: '/tidy' }), needs: ['settle'] }],
  ['step', 'report', makes('/report', { needs: ['settle'] })],
];

function chained(steps: readonly Step[], params: z.ZodObject = z.object({})): Unchecked {
  return steps.reduce<Unchecked>((so, [kind, id, what]) => so[kind](id, what), chain({ params }));
}

const changing = (edits: Edits) =>
  chained(original.map(([kind, id, what]) => [kind, id, { ...what, ...edits[id] }]));
const without = (id: string, then: Edits = {}) =>
  chained(
    original
      .filter((step) => step[1] !== id)
      .map(([kind, each, what]) => [kind, each, { ...what, ...then[each] }]),
  );

/** What is done, or waits: up to `go`. */
async function halfWay(): Promise<Stage> {
  const stage = new Stage(chained(original));
  expect(await stage.run()).toMatchObject({ status: 'waiting', step: 'go' });
  return stage;
}

const done = 'and it is already done or begun';
const toCome = 'and it has not begun';

/** Each line begins with `!` where it touches what is done, and only `--accept-changes` goes on. */
const edits: readonly (readonly [what: string, edited: () => Unchecked, ...says: readonly string[]])[] = [
  // What means nothing else.
  ['nothing', () => chained(original)],
  ['a default of a parameter', () => chained(original, z.object({ more: z.string().optional() }))],
  ['the question of a gate', () => changing({ go: { ask: 'really?' } })],
  ['how often is tried, and how long', () => changing({ count: { retry: { retries: 3 }, timeout: '1h' } })],
  ['what a failure means', () => changing({ count: { onFailure: 'continue' } })],
  ['the text of a function', () => changing({ count: { result: () => ({ files: 3 + 4 }) } })],
  ['a length in another unit', () => changing({ settle: { min: '1d' } })],

  // What is told, and changes nothing of what is done.
  ['a title', () => changing({ count: { title: 'Counts' } }), '- "count" has another title'],
  [
    'how a done step is undone',
    () => changing({ count: { undo: ({ sh }: Unchecked) => [sh`remove /elsewhere`] } }),
    `- "count" is undone in another way now, ${done}`,
  ],
  [
    'that the undo of a done step is code now',
    () => changing({ count: { undo: { describe: 'x', breakGlass: 'y', run: async () => {} } } }),
    `- "count" is undone in another way now, ${done}`,
  ],
  [
    'the condition of a done step',
    () => changing({ count: { when: () => true } }),
    `- "count" runs under a condition now, ${done}`,
  ],

  // A step to come.
  [
    'commands',
    () => changing({ report: { commands: ({ sh }: Unchecked) => [sh`make /else`] } }),
    `- "report" has other commands now, ${toCome}`,
  ],
  [
    'code in place of commands',
    () => changing({ report: { commands: undefined, describe: 'x', run: async () => {} } }),
    `- "report" is code now, and was commands, ${toCome}`,
  ],
  [
    'a condition',
    () => changing({ report: { when: () => true } }),
    `- "report" runs under a condition now, ${toCome}`,
  ],
  [
    'an undo',
    () => changing({ report: { undo: ({ sh }: Unchecked) => [sh`true`] } }),
    `- "report" is undone in another way now, ${toCome}`,
  ],
  [
    'that it cannot be undone',
    () => changing({ report: { undo: undefined, irreversible: 'gone' } }),
    `- "report" cannot be undone now, ${toCome}`,
    `- "report" is undone in another way now, ${toCome}`,
  ],
  [
    'when it takes effect',
    () => changing({ report: { effective: 'at-boot' } }),
    `- "report" takes effect at the next boot now, ${toCome}`,
  ],
  [
    'how soon it must be confirmed',
    () => changing({ net: { confirmWithin: '5m' } }),
    `- "net" must be confirmed within 5 min now, not 10 min, ${toCome}`,
  ],
  [
    'that it need not be confirmed',
    () => changing({ net: { confirmWithin: undefined } }),
    `- "net" need not be confirmed any more, ${toCome}`,
  ],
  [
    'that it must be confirmed',
    () => changing({ report: { confirmWithin: '90s' } }),
    `- "report" must be confirmed within 90 s now, ${toCome}`,
  ],
  [
    'a lock',
    () => changing({ report: { locks: ['disk'] } }),
    `- "report" holds the lock disk now, ${toCome}`,
  ],
  [
    'a version of an operation',
    () => changing({ tidy: { use: operation({ version: 2 }) } }),
    `- "tidy" uses version 2 of copy now, not 1, ${toCome}`,
  ],
  [
    'an operation',
    () => changing({ tidy: { use: operation({ operation: 'move' }) } }),
    `- "tidy" uses move now, not copy, ${toCome}`,
  ],
  [
    'the input of an operation',
    () => changing({ tidy: { with: () => ({ from: '/x' }) } }),
    `- "tidy" gives its operation another input now, ${toCome}`,
  ],
  [
    'how long a soak is',
    () => changing({ settle: { min: '90m' } }),
    `- "settle" soaks for 90 min now, not 24 h, ${toCome}`,
  ],
  [
    'how old proofs may be',
    () => changing({ settle: { max: '3d' } }),
    `- "settle" lets proofs grow 72 h old now, not 48 h, ${toCome}`,
  ],
  [
    'how often a soak is looked at',
    () => changing({ settle: { maxGap: '1m' } }),
    `- "settle" is looked at every 1 min at least now, not every 10 min, ${toCome}`,
  ],
  [
    'what a soak asks',
    () => changing({ settle: { probes: [{ name: 'down', check: () => true }] } }),
    `- "settle" asks other questions of health now, ${toCome}`,
  ],
  [
    'what it needs',
    () => changing({ report: { needs: ['net'] } }),
    `- "report" needs "net" instead of "settle", ${toCome}`,
  ],
  [
    'that it is added',
    () => chained([...original, ['step', 'more', makes('/more')]]),
    '- "more" was added, among the steps to come',
  ],
  ['that it is removed', () => without('report'), '- "report" was removed before it began'],
  [
    'its name',
    () => chained([...original.slice(0, -1), ['step', 'summary', makes('/report', { needs: ['settle'] })]]),
    `- "report" is called "summary" now, ${toCome}`,
  ],
  [
    'its place',
    () => chained([...original.slice(0, -2), ...original.slice(-1), ...original.slice(-2, -1)]),
    '- "report" stands in another place (number 9 now)',
  ],
  [
    'its kind',
    () => chained([...original.slice(0, -1), ['manual', 'report', { instructions: 'x', needs: ['settle'] }]]),
    `- "report" is a manual now, not a step, ${toCome}`,
  ],

  // A step that is done, or a gate that is waited at.
  [
    'commands of a done step',
    () => changing({ count: { commands: ({ sh }: Unchecked) => [sh`make /else`] } }),
    `! "count" has other commands now, ${done}`,
  ],
  [
    'the reversal of a done step',
    () => changing({ code: { undo: undefined, readonly: true } }),
    `- "code" is undone in another way now, ${done}`,
    `! "code" only reads now, ${done}`,
  ],
  [
    'what a check expects that is done',
    () => changing({ room: { expect: 'more' } }),
    `! "room" expects something else now, ${done}`,
  ],
  [
    'when a done step takes effect',
    () => changing({ count: { effective: 'at-boot' } }),
    `! "count" takes effect at the next boot now, ${done}`,
  ],
  [
    'that a done step must be confirmed',
    () => changing({ count: { confirmWithin: '1h' } }),
    `! "count" must be confirmed within 1 h now, ${done}`,
  ],
  [
    'the operation of a done step',
    () => changing({ copy: { use: operation({ version: 2 }) } }),
    `! "copy" uses version 2 of copy now, not 1, ${done}`,
  ],
  [
    'the input of a done operation',
    () => changing({ copy: { with: () => ({ from: '/x' }) } }),
    `! "copy" gives its operation another input now, ${done}`,
  ],
  [
    'the schema of an output that still fits',
    () => changing({ count: { output: z.object({ files: z.number().max(9) }) } }),
    `! "count" gives its output by another schema now, ${done}`,
  ],
  [
    'the schema of an output that does not fit any more',
    () => changing({ count: { output: z.object({ files: z.number().max(6) }) } }),
    `! "count" gave an output that its schema does not take any more (files: Too big: expected number to be <=6), ${done}`,
    `! "count" gives its output by another schema now, ${done}`,
  ],
  [
    'what no fingerprint tells of a schema, and a stored output does',
    () =>
      changing({
        count: { output: z.object({ files: z.number().refine((files) => files > 7, 'too few') }) },
      }),
    `! "count" gave an output that its schema does not take any more (files: too few), ${done}`,
  ],
  [
    'that a done step gives no output',
    () => changing({ count: { output: undefined, result: undefined } }),
    `! "count" gives no output any more, ${done}`,
  ],
  [
    'the condition of a step that it skipped',
    () => changing({ seldom: { when: () => true } }),
    `! "seldom" runs under another condition now, ${done}`,
  ],
  [
    'that a step that was skipped has no condition',
    () => changing({ seldom: { when: undefined } }),
    `! "seldom" has no condition any more, ${done}`,
  ],
  [
    'what a gate asks for that is waited at',
    () => changing({ go: { input: z.object({ a: z.string() }) } }),
    `! "go" asks for other answers now, ${done}`,
  ],
  [
    'what a done step needs',
    () => changing({ copy: { needs: [] } }),
    `! "copy" needs nothing instead of "count", ${done}`,
  ],
  [
    'a step before one that is done',
    () =>
      chained([
        ['step', 'first', makes('/first')],
        ...original.map(([kind, id, what]): Step => [
          kind,
          id,
          id === 'count' ? { ...what, needs: ['first'] } : what,
        ]),
      ]),
    '! "first" was added, before something that is already done',
    `! "count" needs "first" instead of nothing, ${done}`,
  ],
  ['that a done step is removed', () => without('code'), `! "code" was removed, ${done}`],
  [
    'the name of a done step',
    () => chained(original.map(([kind, id, what]): Step => [kind, id === 'code' ? 'coded' : id, what])),
    `! "code" is called "coded" now, ${done}, so it would run again`,
  ],
  [
    'the kind of a done step',
    () =>
      chained(
        original.map((step): Step => (step[1] === 'code' ? ['manual', 'code', { instructions: 'x' }] : step)),
      ),
    `! "code" is a manual now, not a step, ${done}`,
  ],
];

describe('an edit, while a run waits, of', () => {
  const rows = edits.map(([what, edited, ...says]) => ({ what, edited, says }));
  it.each(rows)('$what is told in its own words', async ({ edited, says }) => {
    const stage = await halfWay();
    const touches = says.some((line) => line.startsWith('!'));
    const before = stage.journal.length;
    const resumed = stage.run({ runbook: edited() });
    if (touches) {
      await expect(resumed).rejects.toMatchObject({
        code: 'runbook.changed',
        exitCode: 2,
        message: [
          'the runbook was edited since sample-1 began, and the edit touches what is done:',
          ...says.map((line) => `  ${line}`),
        ].join('\n'),
      });
      expect(stage.journal).toHaveLength(before);
    } else {
      expect(await resumed).toMatchObject({ status: 'waiting', step: 'go' });
    }
    // Accepted once, it is the next basis of comparison.
    expect(await stage.run({ runbook: edited(), acceptChanges: true })).toMatchObject({ status: 'waiting' });
    expect(await stage.run({ runbook: edited() })).toMatchObject({ status: 'waiting' });
    const told = stage.of('run.changed').map(({ changes }) => changes);
    expect(told).toEqual(says.length === 0 ? [] : [says.map((line) => line.slice(2))]);
  });

  it('a schema back to what fits is told, and touches nothing', async () => {
    const stage = await halfWay();
    const output = z.object({ files: z.number().refine((files) => files > 7, 'too few') });
    await stage.run({ runbook: changing({ count: { output } }), acceptChanges: true });
    expect(await stage.run()).toMatchObject({ status: 'waiting' });
    expect(stage.of('run.changed').at(-1)?.changes).toEqual([
      `"count" gave an output that fits its schema again, ${done}`,
    ]);
  });

  it('a command that only a run can tell, since its code wants real values, is known by its text', async () => {
    const one = (commands: (context: Unchecked) => unknown) =>
      chain()
        .step('a', { ...makes('/a', { capture: () => ['/a'] }), commands })
        .confirm('end', { ask: 'x' });
    const stage = new Stage(one(({ captured, sh }) => captured.map((path: string) => sh`make ${path}`)));
    await stage.run();
    const same = ({ captured, sh }: Unchecked) => captured.map((path: string) => sh`make ${path}`);
    expect(await stage.run({ runbook: one(same) })).toMatchObject({ status: 'waiting' });
    const other = ({ captured, sh }: Unchecked) => captured.map((path: string) => sh`make ${path}/x`);
    await expect(stage.run({ runbook: one(other) })).rejects.toMatchObject({
      message: expect.stringContaining('! "a" has other commands now'),
    });
  });

  it('anything, in a run of an earlier version that recorded less, is told without the aspect', async () => {
    const stage = await halfWay();
    const [started] = stage.of('run.started');
    for (const node of started?.nodes ?? []) delete node.parts;
    await expect(stage.run({ runbook: changing({ count: { effective: 'at-boot' } }) })).rejects.toMatchObject(
      { message: expect.stringContaining('! "count" does something else now') },
    );
  });
});
