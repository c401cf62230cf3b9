import { messageOf } from '../../errors.ts';
import { demandOwn, keptNotices, outboxFolder, readKept } from '../../host/notices/outbox.ts';
import type { DoctorFinding } from '../../render/documents/doctor.ts';

/** As long as the timer may take to come round; a younger one is on its way. */
const onItsWayMs = 15 * 60_000;

/**
 * Notices that nobody could be told yet.
 * @param state the state folder
 * @param now milliseconds since 1970
 */
export async function noticeFindings(state: string, now: number): Promise<readonly DoctorFinding[]> {
  const about = 'notices';
  const outbox = outboxFolder(state);
  try {
    const kept = await keptNotices(outbox);
    const [oldest] = kept;
    if (oldest === undefined) return [];
    await demandOwn(outbox);
    const notice = await readKept(oldest);
    const title = notice === undefined || notice === 'damaged' ? '' : ` (${notice.title})`;
    const says = `${kept.length === 1 ? 'a notice waits' : `${kept.length} notices wait`} to be told, the oldest of ${new Date(oldest.at).toISOString()}${title}`;
    if (now - oldest.at < onItsWayMs) return [{ about, verdict: 'sound', says }];
    return [
      {
        about,
        verdict: 'in-doubt',
        says,
        do: 'See what keeps them: migrate notify deliver. Whom they go to: migrate config get notify',
      },
    ];
  } catch (thrown) {
    return [
      {
        about,
        verdict: 'in-doubt',
        says: `what waits to be told cannot be seen: ${messageOf(thrown)}`,
        do: `See whose ${outbox} is, and what it may`,
      },
    ];
  }
}
