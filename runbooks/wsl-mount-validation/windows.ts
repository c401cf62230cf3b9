import type { Command, Host } from 'migrate-runbook';

/** `wsl.exe` writes UTF-16 unless it is told otherwise, and learns of variables by name alone. */
export const asUtf8 = { WSL_UTF8: '1', WSLENV: 'WSL_UTF8' };

/** What a Windows program printed, also where it did not heed that. */
export function windowsText(text: string): string {
  return text.replaceAll('\0', '').replaceAll('\uFEFF', '').replaceAll('\uFFFD', '').replaceAll('\r', '');
}

/** Runs a Windows program; undefined when it cannot be started from here. */
export async function askWindows(
  host: Host,
  argv: readonly [string, ...string[]],
): Promise<{ readonly text: string; readonly exitCode: number | null } | undefined> {
  const command: Command = { argv, env: asUtf8 };
  const found = await host.exec({ argv: ['sh', '-c', 'command -v "$1"', 'sh', argv[0]] }, { anyExit: true });
  if (found.exitCode !== 0) return undefined;
  const { stdout, stderr, exitCode } = await host.exec(command, { anyExit: true });
  return { text: windowsText(`${stdout}${stderr}`), exitCode };
}

/** The other distributions that run now, or why nobody can tell. */
export async function otherDistributions(host: Host, own: string): Promise<readonly string[] | string> {
  const answer = await askWindows(host, ['wsl.exe', '--list', '--running', '--quiet']);
  if (answer === undefined || answer.exitCode !== 0) {
    const why = answer === undefined ? 'there is no wsl.exe in PATH' : answer.text.trim();
    return `it cannot be told whether other distributions use it: ${why}. Let Windows programs be called from here (interop)`;
  }
  return answer.text
    .split('\n')
    .map((line) => line.trim())
    .filter((name) => name !== '' && name !== own);
}
