import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { destroyOrder, liesBeneath, type Doomed } from '../../../src/operations/zfs/destroy-order.ts';
import { guidOfToken, newestCommon, planSend } from '../../../src/operations/zfs/send-plan.ts';
import { commonAncestor } from '../../../src/operations/zfs/snapshot-names.ts';

const snapshot = (guid: number) => ({ name: `tank/a@${guid}`, guid: String(guid) });
/** Ascending numbers stand for snapshots, from the oldest to the newest. */
const some = fc
  .uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 8 })
  .map((all) => all.toSorted((a, b) => a - b));

describe('what is sent', () => {
  test('is refused unless the target becomes the source up to that snapshot, with nothing of the target lost', () => {
    fc.assert(
      fc.property(
        some,
        fc.option(some, { nil: undefined }),
        fc.integer({ min: 1, max: 12 }),
        (source, target, wanted) => {
          const plan = planSend(source.map(snapshot), target?.map(snapshot), String(wanted));
          if (plan.kind === 'none') expect(target).toContain(wanted);
          if (plan.kind === 'full') expect(target).toBeUndefined();
          if (plan.kind === 'incremental') {
            const base = Number(plan.base.guid);
            // ZFS receives a difference only into its base, and that must be the newest of the target.
            expect(target?.at(-1)).toBe(base);
            expect(source).toContain(base);
            expect(base).toBeLessThan(wanted);
          }
          if (plan.kind !== 'refused') {
            expect(source).toContain(wanted);
            return;
          }
          const last = target?.at(-1);
          const possible =
            source.includes(wanted) &&
            (target === undefined ||
              target.includes(wanted) ||
              (last !== undefined && last < wanted && source.includes(last)));
          expect(possible).toBe(false);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('rests on the newest snapshot that both sides have, whatever it is called', () => {
    fc.assert(
      fc.property(some, some, (source, target) => {
        const common = newestCommon(
          source.map(snapshot),
          target.map((guid) => ({ name: `other@${-guid}`, guid: String(guid) })),
        );
        const expected = source.filter((one) => target.includes(one)).at(-1);
        expect(common?.guid).toBe(expected === undefined ? undefined : String(expected));
      }),
    );
  });

  test('of an interrupted receive is told by its token', () => {
    const told =
      'resume token contents:\nnvlist version: 0\n\tobject = 0x2\n\ttoguid = 0xb6d1e4a5f0c3a111\n\ttoname = tank/a@x\n';
    expect(guidOfToken(told)).toBe(BigInt('0xb6d1e4a5f0c3a111').toString());
    expect(guidOfToken('cannot resume send: incremental source no longer exists')).toBeUndefined();
  });
});

describe('the order of destruction', () => {
  const tree = fc
    .uniqueArray(fc.stringMatching(/^t(\/[ab]){0,3}(@[xy])?$/), { minLength: 1, maxLength: 10 })
    .chain((names) =>
      fc.tuple(
        fc.constant(names),
        fc.array(fc.option(fc.constantFrom(...names, 'elsewhere@x'), { nil: undefined }), {
          minLength: names.length,
          maxLength: names.length,
        }),
      ),
    )
    .map(([names, origins]): Doomed[] =>
      names.map((name, index) => {
        const origin = origins[index];
        return {
          name,
          guid: name,
          origin: !name.includes('@') && origin?.includes('@') === true ? origin : undefined,
        };
      }),
    );

  test('leaves nothing out, and puts each after all that rests on it', () => {
    fc.assert(
      fc.property(tree, (doomed) => {
        const { order, stuck } = destroyOrder(doomed);
        expect([...order, ...stuck].map(({ name }) => name).toSorted()).toEqual(
          doomed.map(({ name }) => name).toSorted(),
        );
        for (const [index, { name }] of order.entries()) {
          for (const later of [...order.slice(index + 1), ...stuck]) {
            expect(later.origin).not.toBe(name);
            expect(liesBeneath(later.name, name)).toBe(false);
          }
        }
        // What is stuck waits for something that is stuck.
        for (const { name } of stuck)
          expect(stuck.some((other) => other.origin === name || liesBeneath(other.name, name))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('the ancestor of datasets has all of them, and no child of it has', () => {
    expect(commonAncestor(['tank/a'])).toBe('tank/a');
    expect(commonAncestor(['tank/pg-data', 'tank/pg-wal'])).toBe('tank');
    expect(commonAncestor(['tank/a/b', 'tank/a'])).toBe('tank/a');
  });
});
