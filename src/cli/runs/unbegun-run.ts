import { startEvent } from '../../engine/index.ts';
import type { LoadedRunbook } from '../../host/runbook-file.ts';
import { journalVersion } from '../../journal/event.ts';
import { fold } from '../../journal/fold.ts';
import type { RunState } from '../../journal/state.ts';
import type { Host } from '../../runbook/index.ts';

/** The state that a run would have right after its start; nothing is written. */
export async function unbegunRun(
  { runbook, file, files }: LoadedRunbook,
  params: unknown,
  host: Host,
): Promise<RunState> {
  const event = await startEvent(
    runbook,
    { run: '‹run.id›', params, hostName: '', source: { file, files }, tools: {}, claims: [] },
    host,
  );
  return fold([{ v: journalVersion, seq: 1, at: new Date(host.clock.now().wall).toISOString(), ...event }]);
}
