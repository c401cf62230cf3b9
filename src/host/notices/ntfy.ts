import type { NoticeDocument, Priority } from '../../runbook/notice.ts';
import { topicOf } from './way.ts';

/** Of ntfy's five, of which 3 is what it takes for usual, and 4 and 5 ring. */
const ntfyPriorities: Readonly<Record<Priority, number>> = { low: 2, medium: 3, high: 4 };
/** ntfy makes a file of a message that is longer than 4096 bytes. */
const longestMessageBytes = 4_000;

/**
 * What ntfy is sent: JSON to the server itself, not text to the topic, since headers hold no UTF-8.
 * See https://docs.ntfy.sh/publish/#publish-as-json.
 */
export function ntfyRequest(address: string, notice: NoticeDocument): { url: string; json: object } {
  const topic = new URL(address);
  const server = new URL(topic);
  server.pathname = topic.pathname.replace(/\/+$/, '').replace(/[^/]*$/, '');
  return {
    url: server.href,
    json: {
      topic: topicOf(topic),
      title: notice.title,
      message: cutBytes(notice.body === '' ? notice.title : notice.body),
      priority: ntfyPriorities[notice.priority],
      tags: [notice.kind, ...(notice.runbook === undefined ? [] : [notice.runbook])],
      // A repeat takes the place of the first; servers that do not know this pass over it.
      sequence_id: notice.id,
    },
  };
}

function cutBytes(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= longestMessageBytes) return text;
  // A character that was cut in two is left out.
  return `${new TextDecoder().decode(bytes.subarray(0, longestMessageBytes)).replace(/\uFFFD+$/, '')}…`;
}
