import { operation, StepError, z, type Finding } from 'migrate-runbook';
import { experimentInput } from './restore-mount.ts';
import { environmentOf, mountCommands, propertiesOf } from './unit.ts';
import { mountedOr } from './mounted.ts';
import { withoutDisk } from './without-disk.ts';

const tried = z.object({
  /** Why it could not be tried; null when it was. */
  refused: z.string().nullable(),
  exitCode: z.number().nullable(),
  mounted: z.boolean(),
  tookMs: z.number(),
  /** The end of what the unit's commands printed and logged. */
  said: z.array(z.string()),
});
export type Tried = z.output<typeof tried>;

const input = experimentInput.extend({
  /** After how long the disk comes; left out: never. */
  lateSeconds: z.number().positive().optional(),
});

/**
 * Calls the unit's own commands where the disk is not there, or comes late: in a mount namespace of their own, in
 * which its links and its device are hidden. Nobody else sees any of it, and it is gone with the commands, however
 * they end; so nothing is to be taken back.
 */
export const retriesWithoutDisk = operation({
  operation: 'retries-without-disk',
  version: 1,
  reversal: 'undo',
  input,
  output: tried,
  idempotent: true,
  describe: ({ input: { p, lateSeconds } }) =>
    `where nobody else sees it, hide the disk, ${lateSeconds === undefined ? 'for good' : `for ${lateSeconds} s`}, and call what ${p.mountUnit} calls`,
  run: async ({ host, exec, input: { p, lateSeconds }, run }): Promise<Tried> => {
    const none = { exitCode: null, mounted: false, tookMs: 0, said: [] };
    const mounted = await mountedOr(host, p);
    if (mounted !== true) return { ...none, refused: mounted };
    const is = await propertiesOf(host, p.mountUnit);
    const commands = mountCommands(is);
    if (commands.length === 0) {
      return {
        ...none,
        refused: `${p.mountUnit} has no command that mounts and ends, so it is no service with retries`,
      };
    }
    const log = `${run.folder}/retries-log`;
    await host.files.replace(log, '');
    const given = [p.storageMount, p.storageUuid, String(lateSeconds ?? 'never'), p.logFile, log];
    const began = host.clock.now().monotonic;
    const calls = commands.map((words) => ['env', ...environmentOf(is), ...words]);
    const limit = ['timeout', '--kill-after=5', String(p.retriesLimitSeconds)];
    const { stdout, stderr, exitCode } = await exec(
      {
        argv: [
          ...(['unshare', '--mount', '--propagation', 'private', ...limit] as const),
          ...[
            'sh',
            '-c',
            withoutDisk,
            'without-disk',
            ...given,
            ...calls.flatMap((words) => [String(words.length), ...words]),
          ],
        ],
      },
      { anyExit: true },
    );
    const tookMs = Math.round(host.clock.now().monotonic - began);
    const result = /^migrate: exit=(\d+) mounted=(yes|no)$/m.exec(stdout);
    if (exitCode === 124 || exitCode === 137) {
      return {
        ...none,
        refused: null,
        tookMs,
        said: [`it was still trying after ${p.retriesLimitSeconds} s`],
      };
    }
    if (result === null) {
      throw new StepError(
        'retries.not-tried',
        `the disk could not be hidden: ${stderr.trim() || `exit ${exitCode}`}`,
      );
    }
    const printed = `${stdout}\n${stderr}\n${(await host.files.read(log)) ?? ''}`.split('\n');
    const said = printed.filter((line) => line.trim() !== '' && !line.startsWith('migrate:')).slice(-12);
    return { refused: null, exitCode: Number(result[1]), mounted: result[2] === 'yes', tookMs, said };
  },
  // What it did went with its namespace.
  undo: () => [],
});

/** Pure. @param lateMs by how much the disk came late */
export function judgeLate(unit: string, lateMs: number, found: Tried): Finding {
  const evidence = { ...found, lateMs };
  if (found.refused !== null) return { verdict: 'BLOCKED', observed: found.refused, evidence };
  const came = `the disk came after ${lateMs} ms`;
  if (!found.mounted || found.exitCode !== 0) {
    const gave =
      found.exitCode === null ? 'did not end' : `gave up after ${found.tookMs} ms (exit ${found.exitCode})`;
    return {
      verdict: 'FAIL',
      observed: `${came}, and ${unit} ${gave}: ${found.said.at(-1) ?? 'it said nothing'}`,
      evidence,
    };
  }
  if (found.tookMs < lateMs)
    return { verdict: 'BLOCKED', observed: `${unit} found the disk although it was hidden`, evidence };
  return { verdict: 'PASS', observed: `${came}, and ${unit} mounted it after ${found.tookMs} ms`, evidence };
}

/** Pure. */
export function judgeNever(unit: string, retries: number, found: Tried): Finding {
  const evidence = { ...found };
  if (found.refused !== null) return { verdict: 'BLOCKED', observed: found.refused, evidence };
  if (found.mounted)
    return { verdict: 'BLOCKED', observed: `${unit} found the disk although it was hidden`, evidence };
  if (found.exitCode === 0) {
    return { verdict: 'FAIL', observed: `${unit} says that all went well, and nothing is mounted`, evidence };
  }
  if (found.exitCode === null) return { verdict: 'FAIL', observed: found.said.join('; '), evidence };
  const last = found.said.join('\n');
  const counts = [
    ...last.matchAll(/\b(\d+)(?:\/\d+)? (?:tries|retries|attempts)\b|\b(?:try|retry|attempt) (\d+)\b/gi),
  ];
  const said = counts.map(([, one, other]) => Number(one ?? other));
  const most = said.length === 0 ? undefined : Math.max(...said);
  const failed = `${unit} failed after ${found.tookMs} ms`;
  if (most === undefined) {
    return { verdict: 'PARTIAL', observed: `${failed}, and does not say after how many tries`, evidence };
  }
  const verdict = most === retries ? 'PASS' : 'FAIL';
  return {
    verdict,
    observed: `${failed} and ${most} tries${verdict === 'PASS' ? ', and says so' : `; ${retries} are expected`}`,
    evidence,
  };
}
