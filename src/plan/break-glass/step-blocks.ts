import type { RecordedUndo } from '../../journal/event.ts';
import type { BootIdentity } from '../../runbook/index.ts';
import { undoLines, type FurtherBack } from './actions.ts';
import { markKey } from './marks.ts';
import { harmless, word, words } from './words.ts';

export interface BreakGlassStep {
  readonly id: string;
  readonly title: string;
  readonly effective: 'now' | 'at-boot';
  /** In which the step was begun first. */
  readonly boot: BootIdentity;
  readonly undo: RecordedUndo;
}

/** What stands in the script for each step; it knows the steps before, since a file may be further back already. */
export class StepBlocks {
  readonly #restored: FurtherBack = new Map();
  #count = 0;

  /** The lines for the next step in the order in which they began, without the seal. */
  next({ id, title, effective, boot, undo }: BreakGlassStep): string {
    if (undo.kind === 'nothing') return '';
    if (undo.kind === 'irreversible') return `\nirreversible ${words([id, harmless(undo.why)])}\n`;
    this.#count += 1;
    const name = `undo_${this.#count}`;
    const call = words([id, markKey(id, undo)]);
    const { bootId, initStart, pidNamespace } = boot;
    const atBoot = effective === 'at-boot' ? ` ${word([bootId, initStart, pidNamespace].join(' '))}` : '';
    return [
      `\n${name}() {\n  begin ${call} ${word(harmless(title))} || return 0\n`,
      undoLines(id, undo, this.#restored),
      `  finish ${call}\n}\n`,
      `covers ${name}${atBoot}\n`,
    ].join('');
  }
}
