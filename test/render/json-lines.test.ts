import { describe, expect, test } from 'vitest';
import type { LiveEvent } from '../../src/engine/ports.ts';
import { liveDocument } from '../../src/render/documents/live.ts';
import { jsonLinesRenderer } from '../../src/render/json-lines.ts';
import { samples } from './every-event.ts';
import { live } from './sample-run.ts';

const fleeting: readonly LiveEvent[] = [
  { type: 'progress', step: 'copy', progress: { doing: 'copying', doneBytes: 1 } },
  { type: 'line', step: 'copy', text: '\u009bhello\n', stream: 'stdout' },
  { type: 'countdown', step: 'go', countedMs: 1, minMs: 2, opensAt: undefined, why: undefined },
];

function printed(verbosity: 'quiet' | 'normal' | 'verbose'): unknown[] {
  let text = '';
  const renderer = jsonLinesRenderer({ output: { write: (part) => void (text += part) }, verbosity });
  for (const event of [...live(...Object.values(samples)), ...fleeting]) renderer.tell(event);
  renderer.notice('careful');
  expect(text).not.toContain('\u009b');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

describe('JSON lines', () => {
  test('are each as their schema says', () => {
    const lines = printed('verbose');
    expect(lines).toHaveLength(Object.keys(samples).length + fleeting.length + 1);
    for (const line of lines) expect(liveDocument.safeParse(line).error).toBeUndefined();
  });

  test('hold the output of commands only when asked for, and every event always', () => {
    const types = (verbosity: 'quiet' | 'normal') =>
      printed(verbosity).map((line) => (line as LiveEvent).type);
    expect(types('normal')).not.toContain('line');
    expect(types('normal')).toContain('progress');
    expect(types('quiet').filter((type) => type === 'journaled')).toHaveLength(Object.keys(samples).length);
    expect(types('quiet')).not.toContain('progress');
  });
});
