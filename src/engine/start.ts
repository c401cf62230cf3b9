import type { EventOf } from '../journal/event.ts';
import { fingerprintOf, recordNodes } from '../plan/fingerprint.ts';
import { UsageError } from '../errors.ts';
import { firstLoss, isSecretReference, type Claim, type Host, type Runbook } from '../runbook/index.ts';

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
  const found = environmentSecret(params, '');
  if (reboot === undefined || found === undefined) return;
  const { name, variable } = found;
  throw new UsageError(
    'params.secret',
    `the secret in "${name}" lies only in the environment (${variable}), which is lost at the reboot "${reboot.id}"`,
    `Put it into a file that only its owner can read, and give ${name}=file:/path/to/it`,
  );
}

/** The first parameter, by its path, whose secret is a variable of this process. */
function environmentSecret(value: unknown, path: string): { name: string; variable: string } | undefined {
  if (isSecretReference(value)) {
    return value.secret === 'env' ? { name: path, variable: value.name } : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const found = environmentSecret(item, path === '' ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
