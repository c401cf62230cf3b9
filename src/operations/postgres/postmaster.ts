import type { Host } from '../../runbook/index.ts';

/** Seconds by which a process's start may differ from what it wrote down: it writes a little later. */
const tolerance = 5;
/** Of the clock ticks in /proc, as every Linux gives them to programs. */
const ticksPerSecond = 100;

/** What the first lines of `postmaster.pid` say. */
export interface PidFile {
  readonly pid: number;
  /** Seconds since 1970. */
  readonly startedAt: number;
}

/** `undefined` for a file that names no process; a negative number is that of a backend without a postmaster. */
export function parsePidFile(text: string): PidFile | undefined {
  const [pid = '', , startedAt = ''] = text.split('\n');
  if (!/^-?[1-9]\d*$/.test(pid.trim())) return undefined;
  return { pid: Math.abs(Number(pid)), startedAt: Number(startedAt) };
}

/** What `/proc/PID/stat` says; the name in parentheses may hold anything. */
export function parseStat(text: string): { readonly state: string; readonly startTicks: number } | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  // The 22nd field of proc(5), of which the first two lie before.
  const startTicks = Number(fields[19]);
  return state === undefined || !Number.isFinite(startTicks) ? undefined : { state, startTicks };
}

/**
 * The process of `postmaster.pid`, when it lives and is the one that wrote it: by its start time, or, since
 * a clock that was set makes that differ, because it works in that very folder.
 *
 * @param folder of the cluster, with its symlinks resolved
 */
export async function livingPostmaster(host: Host, folder: string): Promise<number | undefined> {
  const written = parsePidFile((await host.files.read(`${folder}/postmaster.pid`)) ?? '');
  if (written === undefined) return undefined;
  const { pid } = written;
  const now = parseStat((await host.files.read(`/proc/${pid}/stat`).catch(() => undefined)) ?? '');
  if (now === undefined || now.state === 'Z' || now.state === 'X') return undefined;
  const boot = /^btime (\d+)$/m.exec((await host.files.read('/proc/stat')) ?? '')?.[1];
  const startedAt = Number(boot) + now.startTicks / ticksPerSecond;
  if (!(Math.abs(startedAt - written.startedAt) > tolerance)) return pid;
  const where = await host.files.readLink(`/proc/${pid}/cwd`).catch(() => undefined);
  return where === folder ? pid : undefined;
}
