import type { DefaultRenderer, ListrDefaultRendererLogLevels, ListrTaskState } from 'listr2';
import type { Row, RowState } from './row.ts';
import type { Style, Tone } from './style.ts';

/** A list on the terminal that shows rows and is replaced as a whole. */
export interface TaskBoard {
  show(rows: readonly Row[]): void;
  /** Takes the list off the screen. */
  clear(): void;
  /** Leaves the last frame where it is. */
  leave(): void;
}

type Tasks = ConstructorParameters<typeof DefaultRenderer>[0];
type Task = Tasks[number];

interface Look {
  readonly state: `${ListrTaskState}`;
  readonly icon: readonly [unicode: string, ascii: string];
  readonly tone: Tone;
  readonly levels: readonly `${ListrDefaultRendererLogLevels}`[];
}

// Each state of ours borrows one of listr2's, chosen only by how its default renderer draws it: PENDING
// turns a spinner, ROLLING_BACK too (its RETRY wants a counter of its own). None of them makes listr2 do anything, since its lists never run.
const looks: Record<RowState, Look> = {
  waiting: { state: 'WAITING', icon: ['◦', '.'], tone: 'faint', levels: ['WAITING'] },
  running: { state: 'STARTED', icon: ['▸', '>'], tone: 'warning', levels: ['PENDING'] },
  retrying: { state: 'STARTED', icon: ['▸', '>'], tone: 'warning', levels: ['PENDING'] },
  'at-gate': { state: 'PAUSED', icon: ['‖', '='], tone: 'warning', levels: ['PAUSED'] },
  done: {
    state: 'COMPLETED',
    icon: ['✔', '+'],
    tone: 'good',
    levels: ['COMPLETED', 'COMPLETED_WITH_FAILED_SUBTASKS'],
  },
  skipped: { state: 'SKIPPED', icon: ['↷', '-'], tone: 'faint', levels: ['SKIPPED_WITH_COLLAPSE'] },
  failed: { state: 'FAILED', icon: ['✖', 'x'], tone: 'bad', levels: ['FAILED', 'FAILED_WITH_SUBTASKS'] },
  stopped: { state: 'CANCELLED', icon: ['⚠', '!'], tone: 'warning', levels: ['CANCELLED'] },
  undoing: { state: 'ROLLING_BACK', icon: ['↩', '<'], tone: 'warning', levels: ['ROLLING_BACK'] },
  undone: { state: 'ROLLED_BACK', icon: ['↩', '<'], tone: 'faint', levels: ['ROLLED_BACK'] },
};

export async function taskBoard(options: {
  readonly style: Style;
  readonly unicode: boolean;
}): Promise<TaskBoard> {
  const listr2 = await import('listr2');
  const list = new listr2.Listr<undefined, 'default', 'default'>([], {
    // listr2 would otherwise end the process on Ctrl-C, and mark other steps when one has failed.
    registerSignalListeners: false,
    exitOnError: false,
  });
  const spinner = new listr2.Spinner();
  if (!options.unicode) Object.assign(spinner, { spinner: ['-', '\\', '|', '/'] });
  const rendererOptions = {
    ...looksOf(options),
    spinner,
    showErrorMessage: false,
    showSkipMessage: false,
    suffixRetries: false,
    pausedTimer: { condition: false, field: '' },
  };
  const tasks: Tasks = [];
  const renderer = new listr2.DefaultRenderer(tasks, rendererOptions, list.events);
  await renderer.render();

  const known = new Map<string, Task>();
  const taskOf = (row: Row): Task => {
    const before = known.get(row.key);
    if (before !== undefined) return before;
    const [task] = new listr2.Listr<undefined, 'default', 'default'>(
      [{ title: row.key, task: () => {} }],
      list.options,
    ).tasks;
    if (task === undefined) throw new Error('listr2 made no task');
    void task.check(undefined);
    known.set(row.key, task);
    return task;
  };
  const arrange = (rows: readonly Row[]): Task[] =>
    rows.map((row) => {
      const task = taskOf(row);
      // Assigned past listr2's setters, which redraw at every call and would fail steps of a failed phase.
      task.state = looks[shownState(row)].state as ListrTaskState;
      task.title = row.lines.join('\n');
      task.subtasks = arrange(row.rows);
      return task;
    });
  return {
    show(rows) {
      tasks.splice(0, tasks.length, ...arrange(rows));
      renderer.update();
    },
    clear() {
      tasks.length = 0;
      renderer.end();
    },
    leave() {
      renderer.end();
    },
  };
}

/** listr2 shows what is beneath a task only while that runs or has failed. */
function shownState(row: Row): RowState {
  return row.rows.length > 0 && row.state !== 'failed' ? 'running' : row.state;
}

/** Our icons and tones under listr2's names for them. */
function looksOf({ style, unicode }: { readonly style: Style; readonly unicode: boolean }): {
  icon: Record<string, string>;
  color: Record<string, (text?: string) => string>;
} {
  const icon: Record<string, string> = {};
  const color: Record<string, (text?: string) => string> = {};
  for (const look of Object.values(looks)) {
    for (const level of look.levels) {
      icon[level] = look.icon[unicode ? 0 : 1];
      color[level] = (text) => style(look.tone, text ?? '');
    }
  }
  return { icon, color };
}
