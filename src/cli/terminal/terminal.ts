import { readFileSync } from 'node:fs';
import { styleFor, wantsColour, type Style } from '../../render/style.ts';
import type { Globals } from '../invocation.ts';
import { preferences } from '../options/preferences.ts';

/** What the program may do with its output, and whether somebody can answer. */
export interface Terminal {
  readonly style: Style;
  readonly colour: boolean;
  /** A live list may be drawn on standard output. */
  readonly live: boolean;
  /** Somebody can be asked. */
  readonly interactive: boolean;
  readonly unicode: boolean;
  readonly size: () => { readonly columns: number; readonly rows: number };
}

export async function terminalOf(globals: Globals): Promise<Terminal> {
  const { env, stdin, stdout } = process;
  const capable = stdout.isTTY && env['TERM'] !== 'dumb' && !globals.json;
  const colour = wantsColour({
    terminal: stdout.isTTY && !globals.json,
    wanted: globals.colour && (await preferences()).color !== 'never',
    environment: env,
  });
  return {
    style: styleFor(colour),
    colour,
    // A serial console may not know its size, and nothing can be drawn on it.
    live: capable && stdout.columns > 0 && globals.verbosity === 'normal',
    interactive: capable && globals.input && stdin.isTTY && isInForeground(),
    unicode: env['TERM'] !== 'linux' && /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''),
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
  };
}

/** A process in the background that reads its terminal is stopped; it must not ask. */
function isInForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // proc_pid_stat(5): after the name come state, parent, process group, session, terminal, foreground group.
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return foreground === '-1' || group === foreground;
  } catch {
    return true;
  }
}
