import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { describeRunbook } from '../../src/cli/shown/describe-runbook.ts';
import { showDocument } from '../../src/render/documents/index.ts';
import { styleFor } from '../../src/render/style.ts';
import { showText } from '../../src/render/text/show.ts';
import { runbook, secret } from '../../src/runbook/index.ts';
import { validate } from '../../src/runbook/validate.ts';

const described = describeRunbook(
  validate(
    runbook('move', {
      summary: 'Move it',
      root: true,
      tools: ['rsync'],
      params: z.object({
        from: z.string().startsWith('/').describe('the source'),
        to: z.string().default('/mnt'),
        password: secret('of the backup'),
      }),
    })
      .phase('Copy')
      .step('copy', {
        commands: ({ params, run, sh }) => [sh`rsync -a ${params.from} ${params.to}/${run.id}`],
        undo: ({ params, sh }) => [sh`rm -r ${params.to}`],
      })
      .soak('settle', {
        needs: ['copy'],
        min: '24h',
        max: '48h',
        probes: [{ name: 'web', check: () => true }],
      })
      .step('cleanup', {
        needs: ['settle'],
        irreversible: 'the source is gone',
        describe: ({ params }) => `removes ${params.from.toUpperCase()}`,
        run: async () => {},
      }),
    'move.ts',
  ),
  '/etc/move.ts',
);

describe('what a runbook says of itself', () => {
  test('fits its schema', () => {
    expect(showDocument.safeParse(described).error).toBeUndefined();
  });

  test('shows commands and undos with names in place of values that are not known yet', () => {
    expect(described.steps[0]).toMatchObject({
      does: ['rsync -a ‹from› /mnt/‹run.id›'],
      undo: ['rm -r /mnt'],
    });
  });

  test('shows what can be known at run time only as such, instead of failing', () => {
    expect(described.steps[2]?.does).toEqual(['known at run time']);
  });

  test('tells of a check what is known to fail, among the steps and of what is asked at any time', () => {
    const knownLimitation = 'only an activation heals it';
    const check = {
      expect: 'the link is back',
      knownLimitation,
      run: () => ({ verdict: 'PASS' as const, observed: 'it is back' }),
    };
    const { run, expect: expected } = check;
    const checks = runbook('look', { summary: 'Look', health: [{ id: 'now', ...check }] })
      .check('drift', check)
      .check('other', { run, expect: expected });
    const document = describeRunbook(validate(checks, 'look.ts'), '/etc/look.ts');
    expect(showDocument.parse(document)).toEqual(document);
    expect(document.steps.map((step) => step.knownLimitation)).toEqual([knownLimitation, undefined]);
    expect(document.health).toMatchObject([{ id: 'now', knownLimitation }]);
    const text = showText(document, './look.ts', styleFor(false));
    expect(text).toContain('the link is back\n         known limitation: only an activation heals it\n');
  });

  test('names the point of no return', () => {
    expect(described.pointOfNoReturn).toEqual({ step: 'cleanup', why: 'the source is gone' });
    const text = showText(described, 'move', styleFor(false));
    expect(text).toContain('CANNOT BE UNDONE: the source is gone');
    expect(text).toContain('Point of no return: cleanup');
  });

  test('tells of each parameter whether it is required, its default, and what is allowed', () => {
    expect(described.params).toEqual([
      {
        key: 'from',
        type: 'text that begins with "/"',
        required: true,
        description: 'the source',
        secret: false,
      },
      { key: 'to', type: 'text', required: false, default: '/mnt', secret: false },
      expect.objectContaining({ key: 'password', required: true, secret: true }),
    ]);
  });
});
