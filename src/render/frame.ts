import { formatDuration } from './duration.ts';
import { harmless, harmlessLines } from './harmless.ts';
import { stepRow } from './step-row.ts';
import type { FrameOptions, Row, RowState } from './row.ts';
import type { Style } from './style.ts';
import { isSettled, type StepView, type View } from './view.ts';
import { windowOf } from './window.ts';

interface Group {
  readonly key: string;
  readonly phase: string | undefined;
  readonly steps: readonly StepView[];
}

/**
 * What the list shows of a view: every phase as one row, and the steps of those phases in which something
 * happens or went wrong, cut to the height of the terminal so that what is under way stays in sight.
 */
export function frameOf(view: View, options: FrameOptions): Row[] {
  const groups = groupsOf(view.steps);
  const open = groups.filter(isOpen);
  const fixed = groups.filter((group) => group.phase !== undefined).length + (view.rebootAsked ? 2 : 0);
  const share = open.length === 0 ? 0 : Math.max(3, Math.floor((options.height - fixed) / open.length));
  const rows = groups.flatMap((group) => {
    const steps = isOpen(group)
      ? windowOf(
          group.steps.map((step) => stepRow(step, options)),
          share,
        )
      : [];
    return group.phase === undefined ? steps : [phaseRow(group, group.phase, steps, options.style)];
  });
  if (view.rebootAsked !== undefined) {
    rows.push({
      key: 'reboot',
      state: 'at-gate',
      lines: ['Reboot', ...harmlessLines(view.rebootAsked)],
      rows: [],
    });
  }
  return rows;
}

function groupsOf(steps: readonly StepView[]): Group[] {
  const groups: { key: string; phase: string | undefined; steps: StepView[] }[] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (last !== undefined && last.phase === step.node.phase) last.steps.push(step);
    else groups.push({ key: `phase:${step.node.id}`, phase: step.node.phase, steps: [step] });
  }
  return groups;
}

function isOpen(group: Group): boolean {
  if (group.phase === undefined) return true;
  const { steps } = group;
  if (steps.every((step) => step.status === 'waiting')) return false;
  return (
    !steps.every((step) => step.status === 'undone' || step.status === 'waiting') && !steps.every(isSettled)
  );
}

function phaseRow(group: Group, phase: string, rows: readonly Row[], style: Style): Row {
  const { steps } = group;
  const settled = steps.filter(isSettled).length;
  const took = steps.reduce((sum, step) => sum + (step.tookMs ?? 0), 0);
  const count =
    rows.length > 0
      ? `${settled} of ${steps.length}`
      : steps.length === 1
        ? '1 step'
        : `${steps.length} steps`;
  const suffix = settled === steps.length && took >= 100 ? `${count} · ${formatDuration(took)}` : count;
  return {
    key: group.key,
    state: phaseState(steps),
    lines: [`${style('strong', harmless(phase))}  ${style('faint', suffix)}`],
    rows,
  };
}

function phaseState(steps: readonly StepView[]): RowState {
  const has = (...statuses: StepView['status'][]) => steps.some((step) => statuses.includes(step.status));
  if (has('failed', 'undo-failed')) return 'failed';
  if (has('undoing')) return 'undoing';
  if (has('running', 'retrying')) return 'running';
  if (has('at-gate')) return 'at-gate';
  if (has('interrupted', 'in-doubt')) return 'stopped';
  if (steps.every((step) => step.status === 'waiting')) return 'waiting';
  if (steps.every((step) => step.status === 'undone' || step.status === 'waiting')) return 'undone';
  return steps.every(isSettled) ? 'done' : 'running';
}
