import type { Progress } from '../../runbook/index.ts';
import { harmless } from '../../render/harmless.ts';
import { formatProgress } from '../../render/progress.ts';
import type { Terminal } from './terminal.ts';

/**
 * Shows one line that moves while something takes its time, and how far it has come where it tells; on a terminal,
 * and nowhere else.
 */
export async function waiting<Result>(
  terminal: Terminal,
  text: string,
  work: (progress: (progress: Progress) => void) => Promise<Result>,
): Promise<Result> {
  if (!terminal.live || !process.stderr.isTTY) return work(() => {});
  const { default: ora } = await import('ora');
  const spinner = ora({ text: harmless(text), stream: process.stderr, discardStdin: false }).start();
  try {
    return await work((progress) => {
      spinner.text = harmless(`${text}: ${formatProgress({ ...progress, doing: '' })}`);
    });
  } finally {
    spinner.stop();
  }
}
