import type { Clock } from '../../runbook/index.ts';
import { linesRenderer } from '../../render/lines.ts';
import { jsonLinesRenderer } from '../../render/json-lines.ts';
import type { Renderer } from '../../render/renderer.ts';
import type { Globals } from '../invocation.ts';
import { stdout } from './process-streams.ts';
import type { Terminal } from './terminal.ts';

/** The renderer that fits: JSON lines for programs, the live list on a terminal, else plain lines. */
export async function rendererFor(globals: Globals, terminal: Terminal, clock: Clock): Promise<Renderer> {
  const { verbosity } = globals;
  if (globals.json) return jsonLinesRenderer({ output: stdout, verbosity });
  if (terminal.live) {
    const { listRenderer } = await import('../../render/list.ts');
    return listRenderer({ clock, colour: terminal.colour, size: terminal.size, unicode: terminal.unicode });
  }
  const now = () => clock.now().wall;
  return linesRenderer({ output: stdout, verbosity, now, colour: terminal.colour });
}
