import { messageOf } from '../errors.ts';
import type { Notified } from '../engine/ports.ts';
import type { Command, Host } from '../runbook/index.ts';
import type { Priority } from '../runbook/notice.ts';
import { withinTime } from './notices/time-limit.ts';
import { findProgram } from './program.ts';

/** The longest that somebody may take to be told, in milliseconds. */
export const noticeLimitMs = 10_000;
/** An argument may be no longer than 128 KiB, and no message should be. */
const longestText = 4_000;
const logPriorities: Readonly<Record<Priority, string>> = {
  low: 'user.info',
  medium: 'user.notice',
  high: 'user.warning',
};
/** Where these programs lie on NixOS, whose units have little in their PATH. */
const morePlaces = '/run/current-system/sw/bin:/usr/bin:/bin';

/** Calls the operator's own program, with the text as its argument and the JSON on standard input. */
export async function notifyByProgram(
  exec: Host['exec'],
  program: string,
  text: string,
  json: string,
  signal?: AbortSignal,
): Promise<Notified> {
  return called(exec, program, { argv: [program, cut(text)], input: json }, signal);
}

/**
 * Tells the system's log and, as root, everybody who is logged in.
 * @returns nothing when there is neither program
 */
export async function notifySystem(
  exec: Host['exec'],
  text: string,
  options: { readonly root: boolean; readonly priority?: Priority },
): Promise<Notified | undefined> {
  const { root, priority = 'high' } = options;
  const ways = await Promise.all([
    byName(exec, 'logger', (file) => ({
      argv: [file, '--tag', 'migrate', '--priority', logPriorities[priority], '--', cut(text)],
    })),
    // What only says that all goes well interrupts nobody.
    root && priority !== 'low'
      ? byName(exec, 'wall', (file) => ({ argv: [file], input: `${cut(text)}\n` }))
      : undefined,
  ]);
  const tried = ways.filter((way) => way !== undefined);
  // Whoever heard it one way need not hear it the other.
  return tried.find(({ exitCode }) => exitCode === 0) ?? tried[0];
}

async function byName(
  exec: Host['exec'],
  name: string,
  command: (file: string) => Command,
): Promise<Notified | undefined> {
  try {
    const path = [process.env['PATH'], morePlaces].filter(Boolean).join(':');
    return await called(exec, name, command(await findProgram(name, path, '/')));
  } catch {
    return undefined;
  }
}

async function called(
  exec: Host['exec'],
  by: string,
  command: Command,
  ends?: AbortSignal,
): Promise<Notified> {
  let late = false;
  try {
    const { exitCode, stderr } = await withinTime(noticeLimitMs, ends, (signal) => {
      signal.addEventListener('abort', () => (late = true), { once: true });
      return exec(command, { anyExit: true, signal });
    });
    const error = exitCode === 0 ? undefined : stderr.trim().split('\n').at(-1);
    return { by, exitCode, ...(error === undefined || error === '' ? {} : { error }) };
  } catch (thrown) {
    const error = late ? `it took longer than ${noticeLimitMs / 1000} s` : messageOf(thrown);
    return { by, exitCode: null, error };
  }
}

function cut(text: string): string {
  const clean = text.replaceAll('\0', '');
  return clean.length <= longestText ? clean : `${clean.slice(0, longestText - 1)}…`;
}
