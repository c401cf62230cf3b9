import { z } from 'zod';
import { priorities } from '../../runbook/notice.ts';

export const noticeSentDocument = z.object({
  type: z.literal('notice-sent'),
  id: z.string(),
  delivered: z.boolean(),
  kept: z.boolean().describe('a later process sends it'),
  by: z.string().optional().describe('missing when nobody is to be told'),
  error: z.string().optional(),
});

export const noticesDocument = z.object({
  type: z.literal('notices'),
  sent: z.number(),
  left: z.number().describe('how many still wait'),
  dropped: z.array(z.string()).describe('what was given up'),
  error: z.string().optional().describe('why not all were sent'),
});

export const noticeTemplatesDocument = z.object({
  type: z.literal('notice-templates'),
  templates: z.array(
    z.object({
      name: z.string(),
      priority: z.enum(priorities),
      title: z.string(),
      body: z.array(z.string()).describe('lines; one whose field is not given is left out'),
      fields: z.array(z.string()),
    }),
  ),
});
