import type { RunStatusDocument } from '../documents/status.ts';

type WayBack = RunStatusDocument['wayBack'];

/** Until when, and to where, one can return. */
export function wayBackText(run: string, way: WayBack): string {
  if (way.past !== null) {
    const to = way.to[0];
    const partly =
      to === undefined ? '' : ` What came after it can be undone: migrate rollback ${run} --to ${to}`;
    return `Past the point of no return: ${way.past} is done.${partly}`;
  }
  if (!way.open) return 'Nothing is left to undo.';
  const until = way.until === null ? 'at any time' : `until ${way.until} begins`;
  return `It can be rolled back ${until}: migrate rollback ${run}`;
}
