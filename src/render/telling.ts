import type { LiveEvent } from '../engine/ports.ts';
import type { JournalEvent } from '../journal/event.ts';
import { quoteWord } from '../runbook/index.ts';
import { formatDuration } from './duration.ts';
import { findingOf, findingText } from './finding.ts';
import { deadlineText, openers, skipReasons } from './fold-view.ts';
import { formatProgress } from './progress.ts';
import type { Tone } from './style.ts';
import { readingsText } from './readings.ts';
import { unreachable } from './unreachable.ts';
import { stepOf, type View } from './view.ts';

/** What an event says to a person. */
export interface Telling {
  /** The step that it is about. */
  readonly step?: string;
  /** May hold foreign text and line breaks: whoever prints it makes it harmless. */
  readonly text: string;
  readonly tone: Tone;
  /** `operator`: a person must know or act; `normal`: the course of things; `detail`: with `--verbose` only. */
  readonly weight: 'operator' | 'normal' | 'detail';
}

/**
 * The text of an event, the same for every renderer.
 * @param before the view before the event, for what the event does not repeat
 */
export function tellingOf(live: LiveEvent, before: View): Telling {
  switch (live.type) {
    case 'journaled':
      return journaled(live.event, before);
    case 'progress':
      return { step: live.step, text: formatProgress(live.progress), tone: 'faint', weight: 'normal' };
    case 'line':
      return {
        step: live.step,
        text: `${lineMarks[live.stream]} ${live.text}`,
        tone: 'faint',
        weight: 'detail',
      };
    case 'deadline':
      return { step: live.step, text: deadlineText(live), tone: 'warning', weight: 'operator' };
    case 'countdown':
      return { step: live.step, text: soaked(live), tone: 'faint', weight: 'normal' };
    default:
      return unreachable(live);
  }
}

const lineMarks = { stdout: '|', stderr: '!', note: '-' } as const;

function soaked(live: LiveEvent & { type: 'countdown' }): string {
  const counted = `observed healthy for ${formatDuration(live.countedMs)} of ${formatDuration(live.minMs)}`;
  const opens = live.opensAt === undefined ? '' : `, opens at ${live.opensAt} at the earliest`;
  const why = live.why === undefined ? '' : ` (${live.why})`;
  const looked = live.readings === undefined ? '' : `; ${readingsText(live.readings)}`;
  return `${counted}${opens}${why}${looked}`;
}

function journaled(event: JournalEvent, before: View): Telling {
  switch (event.type) {
    case 'run.started':
      return normal(
        `run ${event.run} of ${event.runbook} started on ${event.host}, ${event.nodes.length} steps`,
        'strong',
      );
    case 'run.resumed':
      return normal(
        `${event.unattended === undefined ? 'resumed' : `resumed by the ${event.unattended} unit`}${toolsText(event.tools)}`,
        'strong',
      );
    case 'run.stalled':
      return operator(
        `the machine booted ${event.boots} times and the run did not get on, so it no longer goes on by itself`,
        'bad',
      );
    case 'orphan.ended': {
      const how = event.how === 'ended' ? 'ended' : 'waited for';
      const argv = event.argv.map(quoteWord).join(' ');
      return operator(
        `${how} process ${event.process.pid}, left behind by an earlier attempt: ${argv}`,
        'warning',
      );
    }
    case 'operator.notified':
      return event.exitCode === 0
        ? normal(`told whom it may concern: ${event.about}`, 'plain')
        : operator(
            `could not tell anybody${event.kept === true ? ', and tries again later' : ''}: ${event.about} (${event.error ?? `exit ${event.exitCode}`})`,
            'warning',
          );
    case 'run.interrupted':
      return operator(`interrupted by ${event.by}`, 'warning');
    case 'run.completed':
      return event.failed === undefined
        ? operator('the run is complete', 'good')
        : operator(`the run has ended, with FAIL of ${event.failed.join(', ')}`, 'bad');
    case 'run.aborted':
      return operator(
        `aborted: ${event.why}${event.remains.length === 0 ? '' : `; what remains: ${event.remains.join(', ')}`}`,
        'warning',
      );
    case 'run.changed':
      return operator(`goes on with an edited runbook: ${event.changes.join('; ')}`, 'warning');
    case 'run.moved':
      return operator(`the state moved to ${event.to}`, 'plain');
    case 'run.opened':
      return normal(`goes on here as generation ${event.generation}, moved from ${event.from}`, 'plain');
    case 'journal.repaired':
      return operator(`cut off ${event.cutBytes} bytes of a torn last line of the journal`, 'warning');

    case 'step.started': {
      const again = event.attempt > 1 ? ` (attempt ${event.attempt})` : '';
      const title = stepOf(before, event.step)?.node.title;
      const named = title === undefined || title === event.step ? '' : `: ${title}`;
      return { ...normal(`started${again}${named}`, 'plain'), step: event.step };
    }
    case 'step.tried':
      return {
        ...normal(
          `try ${event.try} failed: ${event.error.message}; the next in ${formatDuration(event.nextInMs)}`,
          'warning',
        ),
        step: event.step,
      };
    case 'step.completed': {
      const finding = stepOf(before, event.step)?.node.kind === 'check' ? findingOf(event.output) : undefined;
      const telling =
        finding === undefined
          ? normal(completed(event, before), 'good')
          : finding.verdict === 'PASS'
            ? normal(findingText(finding), 'good')
            : operator(findingText(finding, event.knownLimitation), 'warning');
      return { ...telling, step: event.step };
    }
    case 'step.skipped':
      return { ...normal(`skipped: ${skipReasons[event.why]}`, 'faint'), step: event.step };
    case 'step.failed':
      return {
        ...operator(failedText(event), 'bad'),
        step: event.step,
      };
    case 'step.interrupted':
      return { ...operator(`interrupted by ${event.by}`, 'warning'), step: event.step };
    case 'step.settled':
      return {
        ...normal(`was in doubt, is ${event.as} (${settlers[event.by]}): ${event.why}`, 'warning'),
        step: event.step,
      };
    case 'step.verified':
      return { ...detail('verified'), step: event.step };
    case 'step.noted':
      return { ...detail(event.note), step: event.step };
    case 'step.confirmed':
      return {
        ...normal(
          event.from === 'elsewhere' ? 'confirmed from elsewhere: it stays' : 'confirmed here: it stays',
          'good',
        ),
        step: event.step,
      };
    case 'step.expired':
      return { ...operator(`goes back: ${event.why}`, 'bad'), step: event.step };
    case 'soak.stopped':
      return {
        ...operator(`the soak stopped, it is not healthy: ${event.unhealthy.join('; ')}`, 'bad'),
        step: event.step,
      };
    case 'soak.continued':
      return { ...normal('the soak goes on', 'warning'), step: event.step };
    case 'later-writes.decided': {
      const what = event.decision === 'carry-back' ? 'are carried back' : 'are dropped';
      return { ...operator(`writes since the cut-over ${what}`, 'warning'), step: event.step };
    }

    case 'undo.needs-waived':
      return {
        ...operator(`undone all the same, although it lacks: ${event.missing.join('; ')}`, 'warning'),
        step: event.step,
      };

    case 'command.started':
      return { ...normal(`$ ${event.argv.map(quoteWord).join(' ')}`, 'plain'), step: event.step };
    case 'command.ended': {
      // Without either it was this program that ended it, for it was no longer wanted.
      const code = event.exitCode === null ? 'ended' : `exit ${event.exitCode}`;
      const how = event.signal === undefined ? code : `ended by ${event.signal}`;
      const text = `${how} after ${formatDuration(event.ms)}`;
      return { ...(event.exitCode === 0 ? detail(text) : normal(text, 'warning')), step: event.step };
    }

    case 'gate.entered':
      return { ...operator(`${gateWords[event.kind]}: ${event.says}`, 'warning'), step: event.step };
    case 'gate.sampled': {
      const ill = Object.entries(event.readings)
        .filter(([, reading]) => reading !== true)
        .map(([name, reading]) => (reading === false ? name : `${name} (${reading})`));
      return event.healthy
        ? { ...detail('healthy'), step: event.step }
        : {
            ...operator(`not healthy${event.confirms ? ' still' : ''}: ${ill.join(', ')}`, 'bad'),
            step: event.step,
          };
    }
    case 'gate.opened':
      return { ...normal(`opened by ${openers[event.by]}`, 'good'), step: event.step };
    case 'irreversible.accepted':
      return {
        ...operator(
          event.by === 'phrase'
            ? 'accepted as irreversible by typed phrase'
            : 'accepted as irreversible by flag',
          'warning',
        ),
        step: event.step,
      };

    case 'rollback.started': {
      const to = event.to === undefined ? '' : ` to ${event.to}`;
      return operator(`rolling back${to}: ${event.steps.length} steps to undo`, 'strong');
    }
    case 'undo.started':
      return { ...normal('undoing', 'plain'), step: event.step };
    case 'undo.completed': {
      const by = {
        act: '',
        probe: ' (its probe found it so)',
        person: ' (a person says so)',
        script: '',
        'nothing-to-undo': ' (nothing to undo)',
      };
      return { ...normal(`undone${by[event.by]}${because(event.why)}`, 'good'), step: event.step };
    }
    case 'undo.failed':
      return {
        ...operator(`COULD NOT BE UNDONE: ${event.error.message}${hint(event.error.hint)}`, 'bad'),
        step: event.step,
      };
    case 'undo.interrupted':
      return { ...operator(`undoing was interrupted by ${event.by}`, 'warning'), step: event.step };
    case 'rollback.reboot-entered':
      return operator(`the rollback waits for a reboot: ${event.says}`, 'warning');
    case 'rollback.reboot-passed':
      return normal('the reboot has happened, the rollback goes on', 'good');
    case 'rollback.completed':
      return operator(`rolled back${event.to === undefined ? '' : ` to ${event.to}`}`, 'good');
    default:
      return unreachable(event);
  }
}

function toolsText(tools: Readonly<Record<string, string>> = {}): string {
  const changed = Object.entries(tools).map(([tool, version]) => `${tool} is ${version} now`);
  return changed.length === 0 ? '' : `; ${changed.join(', ')}`;
}

export const gateWords = {
  confirm: 'waits for your agreement',
  manual: 'waits for work by hand',
  reboot: 'waits for a reboot',
  soak: 'watches for health',
} as const;

const settlers = {
  probe: 'its probe says',
  person: 'a person says',
  idempotent: 'it can be repeated',
} as const;

function completed(event: JournalEvent & { type: 'step.completed' }, before: View): string {
  if (event.by === 'probe') return `found done${because(event.why)}`;
  if (event.by === 'person') return `done, as a person says${because(event.why)}`;
  const since = stepOf(before, event.step)?.since;
  const took = since === undefined ? Number.NaN : Date.parse(event.at) - Date.parse(since);
  return `done${took >= 0 ? ` in ${formatDuration(took)}` : ''}${event.verified ? ', verified' : ''}`;
}

function failedText({ finding, knownLimitation, error }: JournalEvent & { type: 'step.failed' }): string {
  const word = finding === undefined ? 'FAILED' : finding.verdict;
  const mark = knownLimitation === undefined ? '' : ' (known limitation)';
  return `${word}${mark}: ${error.message}${hint(error.hint ?? known(knownLimitation))}`;
}

function known(limitation: string | undefined): string | undefined {
  return limitation === undefined ? undefined : `Known: ${limitation}`;
}

function because(why: string | undefined): string {
  return why === undefined ? '' : `: ${why}`;
}

function hint(text: string | undefined): string {
  return text === undefined ? '' : `. ${text}`;
}

function normal(text: string, tone: Tone): Telling {
  return { text, tone, weight: 'normal' };
}

function operator(text: string, tone: Tone): Telling {
  return { text, tone, weight: 'operator' };
}

function detail(text: string): Telling {
  return { text, tone: 'faint', weight: 'detail' };
}
