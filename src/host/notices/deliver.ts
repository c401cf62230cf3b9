import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LockedError, messageOf } from '../../errors.ts';
import type { NoticeDocument } from '../../runbook/notice.ts';
import { acquireLock } from '../lock.ts';
import { demandOwn, forgetKept, keptNotices, readKept, type Kept } from './outbox.ts';
import type { Sent } from './send.ts';

/** What nobody could be told for so long is no news any more. Milliseconds. */
export const longestAgeMs = 3 * 24 * 3_600_000;
/** For another process that delivers. Milliseconds. */
const lockWaitMs = 2_000;

export interface DeliverOptions {
  readonly send: (notice: NoticeDocument) => Promise<Sent>;
  /** Wall clock, milliseconds since 1970. */
  readonly now: number;
  /** No further one is begun. */
  readonly signal: AbortSignal;
  /** Leave them alone when somebody has tried in vain within so many milliseconds. */
  readonly pauseMs?: number | undefined;
  /** The one that is news; the others follow, oldest first. */
  readonly first?: string | undefined;
}

export interface Delivered {
  /** By id. */
  readonly sent: ReadonlyMap<string, Sent>;
  /** What was given up, a sentence each. */
  readonly dropped: readonly string[];
  /** How many are still kept, where it was tried. */
  readonly left: number;
  /** Why not even a beginning was made. */
  readonly blocked?: string | undefined;
}

/**
 * Delivers what is kept, one after the other, in no other process at the same time. The first that cannot be
 * sent ends it, for so would the others be; one that is refused does not. It never throws.
 */
export async function deliverKept(folder: string, options: DeliverOptions): Promise<Delivered> {
  const sent = new Map<string, Sent>();
  const dropped: string[] = [];
  try {
    if ((await keptNotices(folder)).length === 0) return { sent, dropped, left: 0 };
    await demandOwn(folder);
    if (options.pauseMs !== undefined && (await lastTry(folder, options.now)) < options.pauseMs)
      return { sent, dropped, left: 0 };
    const lock = await acquireLock(folder, {
      what: 'the outbox of notices',
      command: 'migrate',
      waitMs: lockWaitMs,
    });
    try {
      await deliverAll(folder, options, { sent, dropped });
      if ([...sent.values()].some(({ exitCode }) => exitCode !== 0))
        await writeFile(join(folder, 'last-try'), `${options.now}\n`, { mode: 0o600 });
    } finally {
      await lock.release();
    }
    return { sent, dropped, left: (await keptNotices(folder)).length };
  } catch (thrown) {
    const left = await keptNotices(folder).catch(() => []);
    const blocked = thrown instanceof LockedError ? 'another process delivers' : messageOf(thrown);
    return { sent, dropped, left: left.length, blocked };
  }
}

/** How many milliseconds ago somebody tried in vain. */
async function lastTry(folder: string, now: number): Promise<number> {
  const text = await readFile(join(folder, 'last-try'), 'utf8').catch(() => '');
  const at = text.trim() === '' ? Number.NaN : Number(text);
  // A clock that was set back must not silence it.
  return Number.isFinite(at) && at <= now ? now - at : Number.POSITIVE_INFINITY;
}

async function deliverAll(
  folder: string,
  { send, now, signal, first }: DeliverOptions,
  { sent, dropped }: { sent: Map<string, Sent>; dropped: string[] },
): Promise<void> {
  const seen = new Set<string>();
  // Anew each time: another process may have left one and gone.
  for (;;) {
    const next = choose(
      (await keptNotices(folder)).filter(({ id }) => !seen.has(id)),
      first,
    );
    if (next === undefined || signal.aborted) return;
    seen.add(next.id);
    const notice = await readKept(next);
    if (notice === undefined) continue;
    const why = notice === 'damaged' ? 'it is damaged' : tooOld(next, now);
    if (notice === 'damaged' || why !== undefined) {
      await forgetKept(next, folder);
      dropped.push(`a notice was dropped, ${why}: ${notice === 'damaged' ? next.file : notice.title}`);
      continue;
    }
    const how = await send(notice);
    sent.set(next.id, how);
    if (how.exitCode === 0) await forgetKept(next, folder);
    else if (how.refused !== true) return;
  }
}

function choose(kept: readonly Kept[], first: string | undefined): Kept | undefined {
  return kept.find(({ id }) => id === first) ?? kept[0];
}

/** A clock that was set back makes nothing old. */
function tooOld({ at }: Kept, now: number): string | undefined {
  const ageMs = now - at;
  return ageMs > longestAgeMs ? `nobody could be told for ${Math.floor(ageMs / 86_400_000)} days` : undefined;
}
