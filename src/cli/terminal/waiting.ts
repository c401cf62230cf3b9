import type { Terminal } from './terminal.ts';

/** Shows one line that moves while something takes its time; on a terminal, and nowhere else. */
export async function waiting<Result>(
  terminal: Terminal,
  text: string,
  work: () => Promise<Result>,
): Promise<Result> {
  if (!terminal.live) return work();
  const { default: ora } = await import('ora');
  const spinner = ora({ text, stream: process.stderr, discardStdin: false });
  if (!process.stderr.isTTY) return work();
  spinner.start();
  try {
    return await work();
  } finally {
    spinner.stop();
  }
}
