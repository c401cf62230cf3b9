import { NoticesUnderWay, takeMarks, type EngineHost, type Ports } from '../../engine/index.ts';
import { record, type Session } from '../../engine/session.ts';
import { breakGlassIn } from '../../host/break-glass.ts';
import { endOrphans } from '../../host/orphans.ts';
import { recordedCommands } from '../../host/recorded-commands.ts';
import { confirmationsIn } from '../../host/confirmations.ts';
import { openPace } from '../../host/pace-file.ts';
import { openStepLogs } from '../../host/step-logs.ts';
import { releaseClaims, type ShownFolder } from '../../host/claims.ts';
import { messageOf } from '../../errors.ts';
import { isOver } from '../../journal/state.ts';
import type { Runbook } from '../../runbook/index.ts';
import type { Renderer } from '../../render/renderer.ts';
import type { Overrides } from '../invocation.ts';
import type { OpenRun } from '../runs/open-run.ts';
import { notifierOf, stateOf } from '../notices/notifier.ts';
import { sendWaiting } from '../notices/waiting.ts';
import { operatorOf } from '../terminal/operator.ts';
import { valueSchemaOf, type ValueSchema } from '../parameters/schema.ts';
import type { Prompts } from '../terminal/prompts.ts';

export interface WorkGiven {
  readonly open: OpenRun;
  readonly runbook: Runbook | undefined;
  readonly host: EngineHost;
  readonly renderer: Renderer;
  readonly prompts: Prompts | undefined;
  readonly signal: AbortSignal;
  readonly overrides: Overrides;
  /** The machine's folder of claims. */
  readonly claims: string;
  readonly shownClaims?: ShownFolder | undefined;
  readonly yes: boolean;
  readonly accepted: readonly string[];
  /** This process began the run, so that nothing is left of an earlier one. */
  readonly fresh: boolean;
  readonly unattended?: 'boot' | 'timer' | undefined;
  /** A timer unit looks at the soaks of this state folder. */
  readonly timer: boolean;
}

export interface Worked<Result> {
  readonly result: Result;
  /** Steps that were brought to their end, or undone. */
  readonly done: readonly string[];
  readonly tookMs: number;
}

/** Puts a session together, lets it work, and frees what the run held when it is over. */
export async function work<Result>(
  given: WorkGiven,
  doIt: (session: Session) => Promise<Result>,
): Promise<Worked<Result>> {
  const { open, renderer, host, overrides } = given;
  const { journal, place, state } = open;
  const beganAfter = given.fresh ? 0 : state.lastSeq;
  const done: string[] = [];
  const pace = openPace(place.folder, () => host.clock.now().wall);
  const tell: Ports['tell'] = (live) => {
    if (live.type === 'journaled' && endsStep(live.event)) done.push(live.event.step);
    pace.tell(live);
    try {
      renderer.tell(live);
    } catch (thrown) {
      // What is shown must never stop what is done.
      renderer.notice(`this could not be shown: ${messageOf(thrown)}`);
    }
  };
  renderer.begin(journal.events.filter(({ seq }) => seq <= beganAfter));
  for (const event of journal.events.filter(({ seq }) => seq > beganAfter))
    tell({ type: 'journaled', event });
  const logs = openStepLogs(place.logs, () => host.clock.now().wall);
  const began = host.clock.now().wall;
  const stateFolder = stateOf(place.folder);
  const warn = (text: string) => renderer.notice(text);
  const waiting = sendWaiting(host, { state: stateFolder, warn, overrides, signal: given.signal });
  try {
    const session: Session = {
      ports: {
        journal,
        host,
        logs,
        notifier: notifierOf(host, { state: stateFolder, warn, overrides }),
        confirmations: confirmationsIn(place.folder),
        breakGlass: breakGlassIn(place.folder),
        tell,
        operator: operatorOf({
          yes: given.yes,
          accepted: given.accepted,
          prompts: given.prompts,
          inputSchema: (step) => inputSchema(given.runbook, step),
        }),
        crashPoint: overrides.crashPoint ?? (() => {}),
      },
      runbook: given.runbook,
      state,
      folder: place.folder,
      signal: given.signal,
      beganAfter,
      notices: new NoticesUnderWay(),
      unattended: given.unattended,
      timer: given.timer,
    };
    if (!given.fresh) await endLeftovers(session, journal.events);
    if (!given.fresh) tellMarks(await takeMarks(session), renderer);
    const result = await doIt(session);
    if (isOver(state)) await releaseClaims(given.claims, place.id, given.shownClaims);
    await waiting;
    return { result, done, tookMs: Math.max(0, host.clock.now().wall - began) };
  } finally {
    logs.close();
    pace.close();
    renderer.end();
  }
}

type Event = OpenRun['journal']['events'][number];

function endsStep(event: Event): event is Event & { step: string } {
  return event.type === 'step.completed' || event.type === 'gate.opened' || event.type === 'undo.completed';
}

/** What an earlier process of this run left running would change the world behind this one's back. */
async function endLeftovers(session: Session, events: readonly Event[]): Promise<void> {
  const { host } = session.ports;
  const commands = recordedCommands(events, await host.boot());
  const ended = await endOrphans(
    session.state.run,
    commands.map(({ process }) => process),
  );
  for (const { identity, argv, how } of ended) {
    const { pid, startTime } = identity;
    const known = commands.find(({ process }) => process.pid === pid && process.startTime === startTime);
    // What a script gives its own children may be secret; what a step runs never is.
    await record(session, {
      type: 'orphan.ended',
      process: identity,
      argv: [...(known?.argv ?? argv.slice(0, 1))],
      how,
    });
  }
}

function tellMarks(undone: readonly string[], renderer: Renderer): void {
  if (undone.length > 0)
    renderer.notice(`undo.sh was run meanwhile, so the run goes back: it undid ${undone.join(', ')}`);
}

function inputSchema(runbook: Runbook | undefined, step: string): ValueSchema {
  const node = runbook?.nodes.find(({ id }) => id === step);
  const asks = node?.kind === 'confirm' || node?.kind === 'manual';
  return asks && node.input !== undefined ? valueSchemaOf(node.input) : {};
}
