import { z } from 'zod';
import type { Chart } from '../documents/report.ts';

const figure = z.number().min(0);

/** `chart` in the evidence of a check: what is compared, a bar each, where several were measured with its spread. */
const chart = z.object({
  title: z.string(),
  unit: z.string(),
  bars: z
    .array(
      z.object({
        label: z.string(),
        value: figure,
        low: figure.optional(),
        high: figure.optional(),
      }),
    )
    .min(1)
    .max(40),
});

/** The chart that a check gave; what is none is shown as any other evidence. */
export function chartIn(evidence: Readonly<Record<string, unknown>> | undefined): Chart | undefined {
  return chart.safeParse(evidence?.['chart']).data;
}
