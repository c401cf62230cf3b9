import { noticeSchema } from '../../runbook/notice.ts';

/** What the program of `migrate config set notify` reads on standard input, and the body of a webhook's request. */
export const notificationDocument = noticeSchema;
