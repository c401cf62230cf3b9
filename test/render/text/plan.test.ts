import { describe, expect, test } from 'vitest';
import type { planDocument } from '../../../src/render/documents/index.ts';
import { styleFor } from '../../../src/render/style.ts';
import { planText } from '../../../src/render/text/plan.ts';
import type { z } from 'zod';

const plan: z.infer<typeof planDocument> = {
  type: 'plan',
  runbook: 'move',
  summary: 'Move it',
  run: null,
  params: { from: '/nix' },
  steps: [
    {
      id: 'copy',
      title: 'Copy it',
      kind: 'step',
      standing: 'to-do',
      does: ['rsync -aHAX /nix/ /mnt/'],
      undo: ['rm -r /mnt/nix'],
      irreversible: false,
      preview: { summary: '46.0 GB', facts: { transferBytes: 46e9, freeInodes: 1234567, fits: true } },
    },
    {
      id: 'freeze',
      title: 'freeze',
      kind: 'step',
      standing: 'satisfied',
      does: ['x'],
      undo: [],
      irreversible: false,
    },
    {
      id: 'look',
      title: 'look',
      kind: 'step',
      standing: 'unknown',
      does: ['x'],
      undo: [],
      irreversible: false,
      problem: 'no such\u0007 host',
    },
  ],
  pointOfNoReturn: null,
};

describe('the text of a plan', () => {
  const text = planText(plan, styleFor(false));

  test('shows commands, undos, and what a dry run found with bytes as bytes and numbers as numbers', () => {
    expect(text).toContain('1  copy  Copy it  [to do]\n       rsync -aHAX /nix/ /mnt/');
    expect(text).toContain('undone by: rm -r /mnt/nix');
    expect(text).toContain('transferBytes 46.0 GB · freeInodes 1,234,567 · fits true');
  });

  test('says what is so already, what could not be found out, and that nothing was changed', () => {
    expect(text).toContain('freeze  [already so]');
    expect(text).toContain(String.raw`not found out: no such\x07 host`);
    expect(text).toContain('2 of 3 steps to do. Nothing was changed.');
  });
});
