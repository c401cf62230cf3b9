import type { Finding, Host } from 'migrate-runbook';
import type { Params } from './params.ts';

/** Everything is read to a limit: `journalctl -f` and `tail -f` never end. */
const lines = 200;
const mostBytes = 65_536;
const trouble = /\b(error|fail(ed|ure)?|cannot|timed? ?out|no such|denied)\b/i;

/** What the unit has written since the boot, in the journal and in its own log, and whether that stays bounded. */
export async function serviceLog(host: Host, p: Params): Promise<Finding> {
  const asked = [`--unit=${p.mountUnit}`, '--boot', `--lines=${lines}`, '--no-pager', '--output=cat'];
  const journal = await host.exec({ argv: ['journalctl', ...asked] }, { anyExit: true });
  if (journal.exitCode !== 0) {
    return {
      verdict: 'BLOCKED',
      observed: `the journal cannot be read: ${journal.stderr.trim()}; run this as root`,
    };
  }
  const stat = await host.files.stat(p.logFile);
  const tail =
    stat === undefined
      ? ''
      : (await host.exec({ argv: ['tail', `--bytes=${mostBytes}`, '--', p.logFile] })).stdout;
  return judgeLog(p, {
    journal: journal.stdout.split('\n').filter(Boolean),
    file:
      stat === undefined
        ? undefined
        : { bytes: stat.size, lines: tail.split('\n').filter(Boolean).slice(-lines) },
  });
}

interface Logs {
  readonly journal: readonly string[];
  readonly file: { readonly bytes: number; readonly lines: readonly string[] } | undefined;
}

/** Pure, for tests. */
export function judgeLog(
  p: Pick<Params, 'mountUnit' | 'logFile' | 'logLimitKibibytes'>,
  logs: Logs,
): Finding {
  const { journal, file } = logs;
  const bad = journal.filter((line) => trouble.test(line));
  const evidence = {
    journal: journal.slice(-10),
    logBytes: file?.bytes ?? null,
    log: file?.lines.slice(-10) ?? [],
  };
  const said = `${journal.length} lines in the journal since the boot`;
  const limit = p.logLimitKibibytes * 1024;
  if (file !== undefined && file.bytes > limit) {
    return {
      verdict: 'FAIL',
      observed: `${p.logFile} holds ${Math.round(file.bytes / 1024)} KiB, beyond ${p.logLimitKibibytes}: nothing bounds it`,
      evidence,
    };
  }
  if (journal.length === 0) {
    return {
      verdict: 'FAIL',
      observed: `${p.mountUnit} has written nothing to the journal since the boot`,
      evidence,
    };
  }
  if (bad.length > 0)
    return { verdict: 'PARTIAL', observed: `${said}, among them: ${bad.slice(0, 3).join('; ')}`, evidence };
  const own = file === undefined ? `there is no ${p.logFile}` : `${p.logFile} holds ${file.bytes} bytes`;
  return { verdict: 'PASS', observed: `${said}, no trouble in them; ${own}`, evidence };
}
