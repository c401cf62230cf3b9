import { nothingToDoDocument } from '../../render/documents/nothing-to-do.ts';
import { harmlessJson } from '../../render/harmless.ts';
import type { Runbook } from '../../runbook/index.ts';
import type { Globals, Overrides } from '../invocation.ts';
import { leaveFolder } from '../runs/leave-folder.ts';
import { placesOf } from '../runs/places.ts';
import { stdout } from '../terminal/process-streams.ts';
import { hostFor } from './host-for.ts';

/** Asks a runbook whether there is anything to do here, and says so when there is not. */
export async function isNothingToDo(
  runbook: Runbook,
  params: unknown,
  globals: Globals,
  overrides: Overrides,
): Promise<boolean> {
  leaveFolder();
  const host = hostFor(overrides, params);
  const found = await runbook.nothingToDo?.({ params, host, folder: placesOf(globals).state });
  if (found === undefined) return false;
  if (found.message !== undefined) {
    const { sendFound } = await import('../notices/send-message.ts');
    await sendFound(found.message, globals, overrides).catch(() => undefined);
  }
  const document = { type: 'nothing-to-do' as const, runbook: runbook.id, why: found.why };
  // One line also with --json, as the last line of a run is.
  stdout.write(
    globals.json ? `${harmlessJson(nothingToDoDocument.parse(document))}\n` : `nothing to do: ${found.why}\n`,
  );
  return true;
}
