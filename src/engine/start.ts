import type { EventOf } from '../journal/event.ts';
import { fingerprintOf, recordNodes } from '../plan/fingerprint.ts';
import type { Claim, Host, Runbook } from '../runbook/index.ts';

/** Everything that a run pins when it starts, as its first event. */
export async function startEvent(
  runbook: Runbook,
  given: {
    readonly run: string;
    /** Parsed by the runbook's schema, and not to be transformed again. */
    readonly params: unknown;
    readonly hostName: string;
    readonly source: { readonly file: string; readonly files: Readonly<Record<string, string>> };
    readonly tools: Readonly<Record<string, string>>;
    readonly claims: readonly Claim[];
  },
  host: Host,
): Promise<EventOf<'run.started'>> {
  const nodes = recordNodes(runbook, given.params);
  return {
    type: 'run.started',
    run: given.run,
    runbook: runbook.id,
    summary: runbook.summary,
    host: given.hostName,
    params: given.params,
    nodes,
    fingerprint: fingerprintOf(nodes),
    source: { file: given.source.file, files: { ...given.source.files } },
    tools: { ...given.tools },
    claims: [...given.claims],
    boot: await host.boot(),
    generation: 1,
  };
}
