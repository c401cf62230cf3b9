import { formatBytes } from '../bytes.ts';
import type { VerificationDocument } from '../documents/verification.ts';
import { formatDuration } from '../duration.ts';
import { harmless } from '../harmless.ts';
import { formatRate } from '../rate.ts';
import type { Style } from '../style.ts';

export function verificationText(document: VerificationDocument, style: Style): string {
  const { target, manifest, entries, files, filesRead, bytesRead, differences, tookMs } = document;
  const rate = tookMs > 0 ? `, ${formatRate((bytesRead / tookMs) * 1_000)}` : '';
  return [
    differences === 0
      ? style('good', `${harmless(target)} is as its manifest says`)
      : style('bad', `${harmless(target)} differs from its manifest in ${differences} places`),
    ...differencesOf(document),
    '',
    `  manifest   ${harmless(manifest.file)}, completed ${manifest.completedAt}`,
    `  compared   ${entries.toLocaleString('en-US')} paths in everything but content`,
    `  read       ${filesRead.toLocaleString('en-US')} of ${files.toLocaleString('en-US')} files${sampleOf(document)}, ${formatBytes(bytesRead)} in ${formatDuration(tookMs)}${rate}`,
    `  from       ${document.cache === 'bypassed' ? 'the disk' : 'possibly memory instead of the disk: this file system does not say'}`,
    ...(document.copiedTo ? [] : ['', otherFolder(style)]),
  ].join('\n');
}

function differencesOf({ first, differences, kinds }: VerificationDocument): string[] {
  if (differences === 0) return [];
  const lines = first.map(({ kind, path, expected, found }) => {
    const values =
      expected === undefined && found === undefined
        ? ''
        : ` (expected ${expected ?? 'nothing'}, found ${found ?? 'nothing'})`;
    return `  ${kind}: ${harmless(`${path}${values}`)}`;
  });
  const counts = Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`);
  const more = differences - first.length;
  return [...lines, ...(more > 0 ? [`  and ${more} more`] : []), `  in all: ${counts.join(', ')}`];
}

function sampleOf({ sample }: VerificationDocument): string {
  if (sample === null) return '';
  return ` (a sample of ${Math.round(sample.share * 1_000) / 10} %, seed ${harmless(sample.seed)})`;
}

function otherFolder(style: Style): string {
  return style(
    'warning',
    'This is not the folder that the copy was made to, but it was compared all the same.',
  );
}
