import type { EngineHost } from '../../engine/index.ts';
import { StepError, UsageError } from '../../errors.ts';
import type { LoadedRunbook } from '../../host/runbook-file.ts';
import { resolveSecret, secretsIn } from '../../host/secrets.ts';
import type { Runbook } from '../../runbook/index.ts';
import { wordOf } from './run-again.ts';
import { pathOf, toolVersions } from './tool-versions.ts';

/**
 * Checks what a runbook says it needs of the machine.
 *
 * @returns the programs with the first line of what they say of their version
 * @throws UsageError `runbook.needs-root`, `runbook.needs-programs` naming all that is missing,
 *   `secret.missing`, `confirm.no-unit` when nothing would take a step back after a boot
 * @param unit whether something goes on with a run after a boot
 */
export async function preflight(
  { runbook, file }: Pick<LoadedRunbook, 'runbook' | 'file'>,
  params: unknown,
  host: EngineHost,
  unit: () => Promise<boolean>,
): Promise<Readonly<Record<string, string>>> {
  if (runbook.root && process.getuid?.() !== 0) {
    const word = wordOf(runbook.id, file);
    throw new UsageError(
      'runbook.needs-root',
      `${runbook.id} must be run as root`,
      `sudo migrate run …; migrate plan ${word} and migrate rehearse ${word} need no root`,
    );
  }
  const found = await Promise.all(runbook.tools.map(async (tool) => [tool, await pathOf(tool)] as const));
  const missing = found.filter(([, path]) => path === undefined).map(([tool]) => tool);
  if (missing.length > 0) {
    throw new UsageError(
      'runbook.needs-programs',
      `${runbook.id} needs ${missing.length === 1 ? 'a program that is' : 'programs that are'} not installed: ${missing.join(', ')}`,
      `Install ${missing.length === 1 ? 'it' : 'them'}, or add ${missing.length === 1 ? 'its folder' : 'their folders'} to PATH. Nothing was changed.`,
    );
  }
  await mustHaveSecrets(params);
  await mustGoBackByItself(runbook, unit);
  return toolVersions(runbook.tools, host);
}

/** Whoever is cut off by a boot cannot start what would bring them back. */
async function mustGoBackByItself(runbook: Runbook, unit: () => Promise<boolean>): Promise<void> {
  const node = runbook.nodes.find(
    (each) => each.kind === 'step' && each.confirmWithin !== undefined && each.effective === 'at-boot',
  );
  if (node === undefined || (await unit())) return;
  throw new UsageError(
    'confirm.no-unit',
    `step "${node.id}" takes effect at boot and is undone unless somebody confirms it, and nothing here goes on with a run after a boot`,
    `Enable it: migrate boot enable; on NixOS, import the module that comes with migrate. Nothing was changed.`,
  );
}

/** Better now than when hours of work are done. */
async function mustHaveSecrets(params: unknown): Promise<void> {
  for (const reference of secretsIn(params)) {
    await resolveSecret(reference).catch((thrown: unknown) => {
      if (!(thrown instanceof StepError)) throw thrown;
      throw new UsageError(thrown.code, thrown.message, thrown.hint, thrown);
    });
  }
}
