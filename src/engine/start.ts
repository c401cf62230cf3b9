import type { EventOf } from '../journal/event.ts';
import { fingerprintOf, recordNodes } from '../plan/fingerprint.ts';
import { UsageError } from '../errors.ts';
import {
  claimName,
  firstLoss,
  mountOf,
  refuseEnvironmentSecret,
  type Claim,
  type Host,
  type Runbook,
} from '../runbook/index.ts';

/**
 * Everything that a run pins when it starts, as its first event.
 * @throws UsageError `params.json` when a parameter could not be given back by the journal,
 *   `params.secret` when one holds a secret that a reboot of this runbook would lose
 */
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
  mustLast(runbook, given.params);
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
    mounts: await mountsUnder(given.source.file, given.claims, host),
    generation: 1,
  };
}

function mustLast(runbook: Runbook, params: unknown): void {
  const loss = firstLoss(params, '');
  if (loss !== undefined) {
    throw new UsageError(
      'params.json',
      `the parameters cannot be kept for a resume: ${loss}`,
      'In the runbook, let their schemas give plain data: text, finite numbers, booleans, arrays and objects.',
    );
  }
  const reboot = runbook.nodes.find(({ kind }) => kind === 'reboot');
  if (reboot !== undefined) refuseEnvironmentSecret(params, `at the reboot "${reboot.id}"`);
}

/** Where the runbook and the claimed paths lie, other than on the root: a boot may bring it late. */
async function mountsUnder(source: string, claims: readonly Claim[], host: Host): Promise<string[]> {
  const mounts = await host.mounts();
  const paths = [source, ...claims.filter((claim) => claim.kind === 'path').map(claimName)];
  const points = paths.map((path) => mountOf(mounts, path)?.point ?? '/');
  return [...new Set(points)].filter((point) => point !== '/').toSorted();
}
