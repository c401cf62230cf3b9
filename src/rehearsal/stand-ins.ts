import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inWorld } from './layout.ts';

/** Says its name and arguments, and does nothing. */
// oxlint-disable-next-line no-template-curly-in-string -- the shell's
const standIn = '#!/bin/sh\necho "stand-in: ${0##*/} $*"\n';

/**
 * Writes programs that stand in for others.
 * @param shared the folder that a world shows at `/.world`
 */
export function writeStandIns(shared: string, programs: readonly string[]): void {
  mkdirSync(join(shared, 'stand-ins'));
  for (const program of programs) {
    writeFileSync(join(shared, 'stand-ins', program), standIn, { mode: 0o755 });
  }
}

/** PATH for what a run calls; the world itself boots and is looked at with the real ones. */
export function pathWithStandIns(path: string | undefined): string {
  return [inWorld.standIns, path].filter(Boolean).join(':');
}
