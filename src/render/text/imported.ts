import { quoteWord } from '../../runbook/index.ts';
import type { ImportedDocument } from '../documents/imported.ts';
import { harmless } from '../harmless.ts';
import type { Style } from '../style.ts';

export function importedText(document: ImportedDocument, style: Style): string {
  const { file, phases, steps, gates, checks, parameters, undecided } = document;
  const made = [
    `${phases} phases`,
    `${steps} steps of commands`,
    `${gates} gates for a person`,
    `${checks} checks`,
    ...(parameters.length === 0 ? [] : [`parameters ${parameters.join(', ')}`]),
  ];
  return [
    `Wrote ${harmless(file)}`,
    `  ${made.join(', ')}`,
    ...(undecided.length === 0
      ? []
      : [
          '',
          style('warning', `Decide how each of these is undone; migrate run refuses until then:`),
          ...undecided.map((step) => `  ${step}`),
        ]),
    '',
    `Read it:      migrate show ${quoteWord(harmless(file))}`,
    `Rehearse it:  migrate rehearse ${quoteWord(harmless(file))}`,
  ].join('\n');
}
