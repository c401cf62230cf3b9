import { StepError, type Finding, type HealthProbe, type Host, type ReadContext } from 'migrate-runbook';
import type { HealthParams } from './params.ts';

/** Nothing of a run is at hand. */
export type Asked = ReadContext<HealthParams, Readonly<Record<never, never>>, undefined>;
export type Question = (context: Asked) => Finding | Promise<Finding>;

const worstFirst = ['FAIL', 'BLOCKED', 'PARTIAL', 'PASS'] as const;

export const pass = (observed: string): Finding => ({ verdict: 'PASS', observed });
export const partial = (observed: string): Finding => ({ verdict: 'PARTIAL', observed });
export const fail = (observed: string): Finding => ({ verdict: 'FAIL', observed });
/** @param unblock what would let it be found out */
export const blocked = (why: string, unblock: string): Finding => ({
  verdict: 'BLOCKED',
  observed: why,
  unblock,
});

/** Several findings as one: the worst verdict, and what all of them observed, the worst first. */
export function together(findings: readonly Finding[]): Finding {
  const verdict = worstFirst.find((each) => findings.some((one) => one.verdict === each)) ?? 'BLOCKED';
  const ordered = findings.toSorted(
    (one, other) => worstFirst.indexOf(one.verdict) - worstFirst.indexOf(other.verdict),
  );
  const evidence = Object.assign({}, ...findings.map((one) => one.evidence ?? {})) as Finding['evidence'];
  const unblock = ordered.flatMap((one) => one.unblock ?? []).join('\n');
  const isBlocked = verdict === 'BLOCKED' && unblock !== '';
  // Beside a FAIL, too, somebody wants to know how the rest could be found out.
  const said = ordered
    .flatMap((one) => [one.observed, isBlocked ? undefined : one.unblock])
    .filter((line) => line !== undefined);
  return {
    verdict,
    observed: said.join('\n') || 'there is nothing to ask',
    ...(isBlocked ? { unblock } : {}),
    ...(evidence === undefined || findings.length !== 1 ? {} : { evidence }),
  };
}

/** One after another, since each may take memory and disk. */
export async function askAll(context: Asked, questions: readonly Question[]): Promise<Finding> {
  const found: Finding[] = [];
  for (const ask of questions) found.push(await ask(context));
  return together(found);
}

/** What cannot be asked here, as a pool that is away, is neither good nor bad. */
export function answered(question: Question): Question {
  return async (context) => {
    try {
      return await question(context);
    } catch (thrown) {
      context.signal.throwIfAborted();
      if (!(thrown instanceof StepError)) throw thrown;
      return blocked(`it cannot be asked: ${thrown.message}`, thrown.hint ?? 'See its log.');
    }
  };
}

/** A soak's probe as a check. */
export function ofProbe({ name, check }: HealthProbe<unknown, unknown>): Question {
  return async (context) => {
    const said = await check(context);
    return said === true ? pass(name) : fail(`${name}: ${typeof said === 'string' ? said : 'no'}`);
  };
}

/** Properties of a unit, by systemd itself; empty texts where it has none. */
export async function unitProperties<Name extends string>(
  host: Host,
  unit: string,
  names: readonly Name[],
): Promise<Readonly<Record<Name, string>>> {
  const argv = ['systemctl', 'show', `--property=${names.join(',')}`, '--', unit] as const;
  const { stdout, stderr, exitCode } = await host.exec({ argv }, { anyExit: true });
  if (exitCode !== 0 && stdout.trim() === '') {
    throw new StepError(
      'units.no-systemd',
      `systemctl exited with ${exitCode}: ${stderr.trim()}`,
      'It needs a machine that systemd runs, and root.',
    );
  }
  const lines = stdout.split('\n');
  return Object.fromEntries(
    names.map((name) => [
      name,
      lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? '',
    ]),
  ) as Record<Name, string>;
}

export async function isLoaded(host: Host, unit: string): Promise<boolean> {
  return (await unitProperties(host, unit, ['LoadState'])).LoadState === 'loaded';
}
