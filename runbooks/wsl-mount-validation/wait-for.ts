import type { Host } from 'migrate-runbook';

const betweenSeconds = 0.2;

/**
 * Asks again until it is so; false when it is not within so many seconds. By a program that sleeps, since what is
 * waited for takes its time whatever the clock says.
 */
export async function waitFor(host: Host, seconds: number, isSo: () => Promise<boolean>): Promise<boolean> {
  for (let left = Math.ceil(seconds / betweenSeconds); !(await isSo()); left -= 1) {
    if (left <= 0) return false;
    await host.exec({ argv: ['sleep', String(betweenSeconds)] });
  }
  return true;
}
