import { StepError, UsageError } from '../../errors.ts';
import type { Host } from '../../runbook/index.ts';
import { findProgram } from '../../host/program.ts';

const versionTimeoutMs = 5_000;

/** The programs that are there, with the first line of what each says of its version. */
export async function toolVersions(
  tools: readonly string[],
  host: Pick<Host, 'exec'>,
): Promise<Readonly<Record<string, string>>> {
  const found = await Promise.all(
    tools.map(async (tool) =>
      (await pathOf(tool)) === undefined ? [] : [[tool, await versionOf(tool, host)] as const],
    ),
  );
  return Object.fromEntries(found.flat());
}

/** The programs that have another version than the run last saw, and how that reads. */
export async function changedTools(
  tools: readonly string[],
  known: Readonly<Record<string, string>>,
  host: Pick<Host, 'exec'>,
): Promise<{ readonly changed: Readonly<Record<string, string>>; readonly notices: readonly string[] }> {
  const now = await toolVersions(tools, host);
  const changed = Object.entries(now).filter(([tool, version]) => version !== (known[tool] ?? version));
  const gone = tools.filter((tool) => !(tool in now));
  return {
    changed: Object.fromEntries(changed),
    notices: [
      ...changed.map(
        ([tool, version]) => `${tool} is another than the run knew: now ${version}, before ${known[tool]}`,
      ),
      ...gone.map((tool) => `${tool}, which the runbook needs, is not installed any more`),
    ],
  };
}

/**
 * `undefined` for a program that is not installed.
 * @throws UsageError `command.unsafe` for one that others could have put there
 */
export async function pathOf(tool: string): Promise<string | undefined> {
  try {
    return await findProgram(tool, process.env['PATH'], process.cwd());
  } catch (thrown) {
    if (!(thrown instanceof StepError)) throw thrown;
    if (thrown.code === 'command.missing') return undefined;
    throw new UsageError(thrown.code, thrown.message, thrown.hint, thrown);
  }
}

/** For the record only: whatever the program answers is good enough. */
async function versionOf(tool: string, host: Pick<Host, 'exec'>): Promise<string> {
  try {
    const signal = AbortSignal.timeout(versionTimeoutMs);
    const { stdout, exitCode } = await host.exec({ argv: [tool, '--version'] }, { anyExit: true, signal });
    return exitCode === 0 ? (stdout.split('\n')[0]?.trim() ?? '') : 'unknown';
  } catch {
    return 'unknown';
  }
}
