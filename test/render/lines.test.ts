import { describe, expect, test } from 'vitest';
import type { LiveEvent } from '../../src/engine/ports.ts';
import { linesRenderer } from '../../src/render/lines.ts';
import type { Verbosity } from '../../src/render/renderer.ts';
import { samples } from './every-event.ts';
import { commandEnded, gateEntered, live, node, runStarted, stepStarted } from './sample-run.ts';

function printed(
  events: readonly LiveEvent[],
  options: { verbosity?: Verbosity; now?: () => number; colour?: boolean } = {},
): string[] {
  let text = '';
  const renderer = linesRenderer({
    output: { write: (part) => void (text += part) },
    verbosity: options.verbosity ?? 'normal',
    now: options.now ?? (() => 0),
    colour: options.colour ?? false,
  });
  renderer.begin([]);
  for (const event of events) renderer.tell(event);
  renderer.end();
  return text.split('\n').slice(0, -1);
}

const progress = (doneBytes: number, doing = 'copying'): LiveEvent => ({
  type: 'progress',
  step: 'copy',
  progress: { doing, doneBytes, totalBytes: 100 },
});

describe('plain lines', () => {
  test('are one for each event, each with its time', () => {
    const events = live(...Object.values(samples));
    const lines = printed(events, { verbosity: 'verbose' });
    expect(lines).toHaveLength(events.length);
    for (const line of lines) expect(line).toMatch(/^2026-11-21T12:\d\d:\d\dZ \S/);
  });

  test('name the step, so that grep finds it', () => {
    expect(printed(live(runStarted([node('copy')]), stepStarted('copy')))[1]).toBe(
      '2026-11-21T12:00:01Z copy: started',
    );
  });

  test('stay one line each and drive no terminal, whatever a command prints', () => {
    const nasty: LiveEvent = {
      type: 'line',
      step: 'copy',
      text: '\u001b[2Jgone\r\n\u0007ding',
      stream: 'stdout',
    };
    const says = live(gateEntered('go', 'manual', 'Turn the key.\n  Then\u001b[31m wait.'));
    const lines = printed([nasty, ...says], { verbosity: 'verbose' });
    expect(lines).toHaveLength(2);
    expect(lines.join('')).not.toContain('\u001b');
    expect(lines[1]).toContain('waits for work by hand: Turn the key. Then wait.');
  });

  test('hold no colour unless it is asked for', () => {
    const events = live(...Object.values(samples));
    expect(printed(events, { verbosity: 'verbose' }).join('')).not.toContain('\u001b');
    expect(printed(events, { verbosity: 'verbose', colour: true }).join('')).toContain('\u001b[');
  });

  test('leave out the output of commands and what went well in detail, unless told to be verbose', () => {
    const line: LiveEvent = { type: 'line', step: 'copy', text: 'sent 3 files', stream: 'stdout' };
    const events = [line, ...live(commandEnded('copy'))];
    expect(printed(events)).toEqual([]);
    expect(printed(events, { verbosity: 'verbose' })).toHaveLength(2);
  });

  test('tell a quiet operator only what needs them and the result', () => {
    const events = live(...Object.values(samples));
    const quiet = printed(events, { verbosity: 'quiet' }).join('\n');
    expect(quiet).toContain('FAILED: rsync exited with 23');
    expect(quiet).toContain('go: waits for your agreement');
    expect(quiet).toContain('the run is complete');
    expect(quiet).not.toContain('started');
  });

  test('do not flood a log with progress, but miss no new stage of it', () => {
    let now = 0;
    const later = (ms: number) => {
      now += ms;
      return now;
    };
    const events = Array.from({ length: 100 }, (_, index) => progress(index));
    expect(printed(events, { now: () => later(100) })).toHaveLength(1);
    expect(printed(events, { now: () => later(1000) }).length).toBeLessThan(6);
    expect(printed([progress(1), progress(2, 'verifying')], { now: () => 0 })).toHaveLength(2);
  });
});
