import { lstat } from 'node:fs/promises';
import { exec } from './shell.ts';

/** The unit with which a run goes on after a boot, also where a NixOS module made it. */
export const bootUnit = 'migrate-resume.service';

/**
 * Whether something here goes on with a run when the machine has booted and nobody typed anything.
 * Where systemd is not at work, nothing does.
 */
export async function resumesByItself(unit = bootUnit): Promise<boolean> {
  if (!(await isThere('/run/systemd/system'))) return false;
  try {
    const { stdout } = await exec(
      { argv: ['systemctl', 'is-enabled', '--', unit] },
      { anyExit: true, signal: AbortSignal.timeout(10_000) },
    );
    // What is `linked`, `static` or `enabled-runtime` is not started by the next boot.
    return stdout.trim() === 'enabled';
  } catch {
    return false;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}
