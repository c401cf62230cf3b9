import { extname } from 'node:path';
import { readPace } from '../../host/pace-file.ts';
import { workedMs } from '../../journal/worked.ts';
import { reportDocument, type ReportDocument } from '../../render/documents/report.ts';
import { harmlessJson } from '../../render/harmless.ts';
import { reportOf } from '../../render/report/fold-report.ts';
import { reportHtml } from '../../render/report/html.ts';
import { reportMarkdown } from '../../render/report/markdown.ts';
import type { Globals } from '../invocation.ts';
import type { KnownRun } from '../runs/known-run.ts';

export type ReportFormat = 'md' | 'html' | 'json';

/**
 * The report of a run, from its journal and what was noted beside it; it reads, and asks nothing of the machine.
 * @param now wall clock, milliseconds since 1970
 */
export async function makeReport({ place, events, state }: KnownRun, now: number): Promise<ReportDocument> {
  return reportOf({
    ...{ events, state },
    workedMs: workedMs(events),
    paces: await readPace(place.folder),
    madeAt: new Date(now).toISOString(),
  });
}

const byEnding: Readonly<Record<string, ReportFormat>> = {
  '.md': 'md',
  '.html': 'html',
  '.htm': 'html',
  '.json': 'json',
};

/** What was asked for, or what the file's name says. */
export function formatOf(
  { format, output }: { readonly format?: ReportFormat | undefined; readonly output?: string | undefined },
  { json }: Pick<Globals, 'json'>,
): ReportFormat {
  if (format !== undefined) return format;
  if (json) return 'json';
  return byEnding[extname(output ?? '').toLowerCase()] ?? 'md';
}

export function reportText(document: ReportDocument, format: ReportFormat): string {
  switch (format) {
    case 'md':
      return reportMarkdown(document);
    case 'html':
      return reportHtml(document);
    case 'json':
      return `${harmlessJson(reportDocument.parse(document), 2)}\n`;
  }
}
