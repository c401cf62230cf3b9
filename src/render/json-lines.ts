import { harmlessJson } from './harmless.ts';
import type { Output, Renderer, Verbosity } from './renderer.ts';

/** One JSON object a line, each a live event as it is; docs/json.md has the schema. */
export function jsonLinesRenderer(options: {
  readonly output: Output;
  readonly verbosity: Verbosity;
}): Renderer {
  return {
    begin() {},
    tell(live) {
      // The output of commands is in the step logs; here it only comes when asked for.
      if (live.type === 'line' && options.verbosity !== 'verbose') return;
      if (live.type !== 'journaled' && options.verbosity === 'quiet') return;
      options.output.write(`${harmlessJson(live)}\n`);
    },
    notice(text) {
      options.output.write(`${harmlessJson({ type: 'notice', text })}\n`);
    },
    whileAsking: (ask) => ask(),
    end() {},
  };
}
