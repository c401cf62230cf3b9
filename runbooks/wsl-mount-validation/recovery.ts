import { operation, z, type Finding } from 'migrate-runbook';
import { experimentInput, lookBefore, restoreByHand, restoreMount } from './restore-mount.ts';
import { mountedOr } from './mounted.ts';
import { waitFor } from './wait-for.ts';
import { propertiesOf } from './unit.ts';
import { whyNotUnmount } from './who-uses.ts';

const recovered = z.object({
  /** Why it was not tried; null when it was. */
  refused: z.string().nullable(),
  by: z.enum(['itself', 'start', 'restart', 'nothing']),
  tookMs: z.number(),
  /** What systemd said of the unit while the disk was not mounted. */
  stateMeanwhile: z.string(),
  remainAfterExit: z.boolean(),
});
type Recovered = z.output<typeof recovered>;

/**
 * Unmounts the disk as a person might, and sees what brings it back: the unit by itself, its start, its restart, or
 * nothing. Whatever it was, the disk is mounted again at the end.
 */
export const unmountAndSee = operation({
  operation: 'unmount-and-see',
  version: 1,
  reversal: 'undo',
  input: experimentInput,
  capture: ({ host, input: { p } }) => lookBefore(host, p),
  output: recovered,
  idempotent: true,
  describe: ({ input: { p }, sh }) => [
    sh`umount -- ${p.storageMount}`,
    `see for ${p.recoverSeconds} s whether ${p.mountUnit} mounts it again, by itself, or when it is started or restarted`,
    'mount it again',
  ],
  run: async (context): Promise<Recovered> => {
    const { host, captured, exec, sh } = context;
    const { p } = context.input;
    const is = await propertiesOf(host, p.mountUnit);
    const none = { by: 'nothing', tookMs: 0, stateMeanwhile: is.ActiveState } as const;
    const remainAfterExit = is.RemainAfterExit === 'yes';
    // An attempt that was killed may have left it unmounted.
    if (context.attempt > 1) await restoreMount(context, p, captured);
    const refused = await whyNotUnmount(host, p);
    if (refused !== undefined) return { refused, ...none, remainAfterExit };
    try {
      const { exitCode, stderr } = await exec(sh`umount -- ${p.storageMount}`, { anyExit: true });
      if (exitCode !== 0) return { refused: stderr.trim(), ...none, remainAfterExit };
      const began = host.clock.now().monotonic;
      const back = (seconds: number) =>
        waitFor(host, seconds, async () => (await mountedOr(host, p)) === true);
      const tookMs = () => Math.round(host.clock.now().monotonic - began);
      if (await back(p.recoverSeconds))
        return { refused: null, ...none, by: 'itself', tookMs: tookMs(), remainAfterExit };
      const stateMeanwhile = (await propertiesOf(host, p.mountUnit)).ActiveState;
      const found = { refused: null, stateMeanwhile, remainAfterExit };
      for (const by of ['start', 'restart'] as const) {
        await exec(sh`systemctl ${by} ${p.mountUnit}`, { anyExit: true });
        if (await back(0)) return { ...found, by, tookMs: tookMs() };
      }
      return { ...found, by: 'nothing', tookMs: tookMs() };
    } finally {
      await restoreMount(context, p, captured);
    }
  },
  undo: {
    describe: ({ input: { p } }) => `have ${p.storageMount} mounted, and ${p.mountUnit} as it was`,
    run: (context) => restoreMount(context, context.input.p, context.captured),
    breakGlass: ({ input: { p }, captured }) => restoreByHand(p, captured),
  },
});

/** Pure. Starting is what a person or another unit would do; a unit that takes itself for done heeds neither. */
export function judgeRecovery(unit: string, found: Recovered): Finding {
  const evidence = { ...found };
  if (found.refused !== null)
    return { verdict: 'BLOCKED', observed: `it was not unmounted: ${found.refused}`, evidence };
  const seconds = (found.tookMs / 1_000).toFixed(1);
  if (found.by === 'itself') {
    return { verdict: 'PASS', observed: `${unit} mounted it again by itself within ${seconds} s`, evidence };
  }
  if (found.by === 'start') {
    return {
      verdict: 'PASS',
      observed: `systemctl start ${unit} mounts it again; by itself it does not`,
      evidence,
    };
  }
  const remains = found.remainAfterExit ? ', since with RemainAfterExit systemd takes it for done' : '';
  const mend = found.by === 'restart' ? '; a restart of the unit mounts it' : '; its restart does not either';
  return {
    verdict: 'FAIL',
    observed: `${unit} says ${found.stateMeanwhile} while the disk is not mounted, and its start mounts nothing${remains}${mend}`,
    evidence,
  };
}
