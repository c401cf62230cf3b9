import { operation, z, type Finding } from 'migrate-runbook';
import { experimentInput, lookBefore, restoreByHand, restoreMount } from './restore-mount.ts';
import { mountedOr } from './mounted.ts';
import { whyNotUnmount } from './who-uses.ts';
import { askWindows, asUtf8, windowsText } from './windows.ts';

const called = z.object({
  refused: z.string().nullable(),
  /** What is missing for it, before anything was unmounted; null when all is there. */
  missing: z.string().nullable(),
  /** True, or what was seen at the mount point after the script. */
  mounted: z.union([z.literal(true), z.string()]),
  exitCode: z.number().nullable(),
  said: z.string(),
});
type Called = z.output<typeof called>;

/**
 * Stops the unit, unmounts the disk, and has Windows mount it by the script. The exit code of PowerShell reaches
 * Linux cut to eight bits, so what counts is the mount. At the end the unit has mounted it, as before.
 */
export const mountByWindows = operation({
  operation: 'mount-by-windows',
  version: 1,
  reversal: 'undo',
  input: experimentInput,
  capture: ({ host, input: { p } }) => lookBefore(host, p),
  output: called,
  idempotent: true,
  timeout: '5m',
  describe: ({ input: { p }, sh }) => [
    sh`systemctl stop ${p.mountUnit}`,
    sh`umount -- ${p.storageMount}`,
    sh`powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File ${p.fallbackScript}`,
    `see whether it is mounted, and leave it to ${p.mountUnit} again`,
  ],
  run: async (context): Promise<Called> => {
    const { host, captured, exec, sh } = context;
    const { p } = context.input;
    const none = { refused: null, missing: null, mounted: 'it was not tried', exitCode: null, said: '' };
    if (context.attempt > 1) await restoreMount(context, p, captured);
    if ((await host.files.stat(p.fallbackScript)) === undefined) {
      return { ...none, missing: `there is no script ${p.fallbackScript}` };
    }
    const path = await askWindows(host, ['wslpath', '-w', p.fallbackScript]);
    const there = await host.exec({ argv: ['sh', '-c', 'command -v powershell.exe'] }, { anyExit: true });
    if (path === undefined || path.exitCode !== 0 || there.exitCode !== 0) {
      return {
        ...none,
        refused: 'Windows programs cannot be called from here: powershell.exe is not in PATH',
      };
    }
    const refused = await whyNotUnmount(host, p);
    if (refused !== undefined) return { ...none, refused };
    try {
      await exec(sh`systemctl stop ${p.mountUnit}`, { anyExit: true });
      if ((await mountedOr(host, p)) === true) {
        const { exitCode, stderr } = await exec(sh`umount -- ${p.storageMount}`, { anyExit: true });
        if (exitCode !== 0) return { ...none, refused: stderr.trim() };
      }
      const argv = [
        'powershell.exe',
        '-NoProfile',
        '-NonInteractive',
        '-ExecutionPolicy',
        'Bypass',
        '-File',
      ] as const;
      const result = await exec({ argv: [...argv, path.text.trim()], env: asUtf8 }, { anyExit: true });
      const said = windowsText(`${result.stdout}${result.stderr}`).trim().slice(-500);
      return { ...none, mounted: await mountedOr(host, p), exitCode: result.exitCode, said };
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

/** Pure. */
export function judgeFallback(script: string, found: Called): Finding {
  const evidence = { ...found };
  if (found.missing !== null) return { verdict: 'FAIL', observed: found.missing, evidence };
  if (found.refused !== null)
    return { verdict: 'BLOCKED', observed: `it was not tried: ${found.refused}`, evidence };
  if (found.mounted === true)
    return { verdict: 'PASS', observed: `${script} has Windows mount the disk`, evidence };
  const said = found.said === '' ? 'it said nothing' : `it said: ${found.said}`;
  return { verdict: 'FAIL', observed: `after ${script}: ${found.mounted}; ${said}`, evidence };
}
