import { expect } from 'vitest';
import { StateError, StepError } from '../../src/errors.ts';
import {
  acceptRunbook,
  advance,
  mustBeOpen,
  NoticesUnderWay,
  recordResume,
  rollBack,
  startEvent,
  type CrashPoint,
  type ForwardOptions,
  type LiveEvent,
  type Outcome,
  type RollbackOptions,
  type Session,
} from '../../src/engine/index.ts';
import type { EngineHost, Notice, Notified, Operator, SpawnOptions } from '../../src/engine/ports.ts';
import type { EventBody, JournalEvent } from '../../src/journal/event.ts';
import { fold } from '../../src/journal/fold.ts';
import type { RunState } from '../../src/journal/state.ts';
import {
  formatCommand,
  validate,
  type BootIdentity,
  type Command,
  type CommandResult,
  type Runbook,
} from '../../src/runbook/index.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryFiles } from './memory-files.ts';
import { MemoryJournal, type AppendFate } from './memory-journal.ts';

/** What a scripted program does; text is its standard output. */
export type Program = (
  args: readonly string[],
  options: { signal?: AbortSignal | undefined },
) => Reply | Promise<Reply>;
type Reply = string | void | Partial<CommandResult>;

/** The process died, as by SIGKILL: nothing of it runs any more, not even its `finally`. */
export const killed = 'killed';

/**
 * A machine in memory for the engine: what is on its disk (journal and files) outlives the processes
 * that a test starts on it, and a test decides what programs do, what people answer, and when a process dies.
 */
export class Stage {
  readonly runbook: Runbook;
  readonly params: unknown;
  readonly journal: JournalEvent[] = [];
  readonly files = new MemoryFiles();
  readonly clock = new ManualClock();
  boot: BootIdentity = { bootId: 'boot-1', initStart: '10', pidNamespace: 'pid:[1]' };
  /** Commands that acts and undos have begun, in order. */
  readonly acts: string[] = [];
  /** `undo.sh` in the run's folder, and what it left there when it was run. */
  undoScript: string | undefined;
  undoScriptsWritten = 0;
  undoMarks = { done: '', reboot: '' };
  diskIsFull = false;
  /** What no journal may hold. */
  secrets: string[] = [];
  /** Live events, in order, of all processes. */
  readonly told: LiveEvent[] = [];
  readonly logged: string[] = [];
  /** What somebody was to be told, by all processes. */
  readonly notices: Notice[] = [];
  /** What was made to outlive its process. */
  readonly kept: Notice[] = [];
  /** Whether somebody is told of it; not of what a person reads at the terminal. */
  hears: (notice: Notice) => boolean = ({ watched }) => !watched;
  readonly programs = new Map<string, Program>();
  answers: {
    confirm?: (
      step: string,
      question: string,
      kind: 'confirm' | 'manual',
    ) => 'yes' | 'flag' | 'no' | 'absent';
    soak?: (step: string, unhealthy: readonly string[]) => 'rollback' | 'go-on' | 'stop' | 'absent';
    notify?: (notice: Notice) => Notified | undefined | Promise<Notified | undefined>;
    accept?: (step: string, why: string) => 'phrase' | 'flag' | 'no' | 'absent';
    stillThere?: (
      step: string,
      until: AbortSignal,
    ) => 'yes' | 'no' | 'absent' | Promise<'yes' | 'no' | 'absent'>;
    laterWrites?: (step: string, question: string) => 'carry-back' | 'drop' | 'absent';
    input?: (step: string, fields: readonly string[]) => Readonly<Record<string, unknown>> | undefined;
  } = {};
  appendFate: (body: EventBody, seq: number) => AppendFate = () => undefined;
  diesAt: (point: CrashPoint, step: string | undefined) => boolean = () => false;
  /** Whether somebody elsewhere has confirmed a step, by the start that armed it. */
  confirmed: (step: string, armedSeq: number) => boolean = () => false;
  /** Crash points passed, as `point step`. */
  readonly passed: string[] = [];
  interruption = new AbortController();
  /** Which unit started the next processes; undefined for a person. */
  unattended: 'boot' | 'timer' | undefined;
  /** A timer unit looks at soaks. */
  hasTimer = false;

  constructor(chain: unknown, params: unknown = {}) {
    this.runbook = validate(chain, 'a test');
    this.params = params;
    this.program('make', ([path = '', content = '']) => {
      this.files.all.set(path, { content, mode: 0o644 });
    });
    this.program('remove', ([path = '']) => {
      this.files.all.delete(path);
    });
    this.program('true', () => {});
    this.program('false', () => ({ exitCode: 1, stderr: 'it went wrong' }));
  }

  program(name: string, does: Program): void {
    this.programs.set(name, does);
  }

  /** The run's state as its journal tells it. */
  get state(): RunState {
    return fold(this.journal);
  }

  types(): string[] {
    return this.journal.map(({ type }) => type);
  }

  of<Type extends EventBody['type']>(type: Type): Extract<JournalEvent, { type: Type }>[] {
    return this.journal.filter(
      (event): event is Extract<JournalEvent, { type: Type }> => event.type === type,
    );
  }

  /** The machine boots: another boot id, and clocks that begin anew. */
  reboot(downForMs = 60_000): void {
    const number = Number(this.boot.bootId.split('-')[1]) + 1;
    this.boot = { ...this.boot, bootId: `boot-${number}` };
    this.clock.boot(downForMs);
  }

  /** A new process goes forward; the first one begins the run. */
  async run(options: ForwardOptions & { runbook?: unknown; acceptChanges?: boolean } = {}): Promise<Outcome> {
    return survived(await this.tryRun(options));
  }

  async tryRun(
    options: ForwardOptions & { runbook?: unknown; acceptChanges?: boolean } = {},
  ): Promise<Outcome | typeof killed> {
    const { runbook: edited, acceptChanges, ...forward } = options;
    const runbook = edited === undefined ? this.runbook : validate(edited, 'a test');
    return this.process(runbook, async (session, isFirst) => {
      if (!isFirst) {
        mustBeOpen(session.state);
        await acceptRunbook(session, runbook, acceptChanges ?? false);
        await recordResume(session);
      }
      return advance(session, forward);
    });
  }

  async rollBack(options: RollbackOptions & { withoutRunbook?: boolean } = {}): Promise<Outcome> {
    return survived(await this.tryRollBack(options));
  }

  tryRollBack(
    options: RollbackOptions & { withoutRunbook?: boolean } = {},
  ): Promise<Outcome | typeof killed> {
    const { withoutRunbook, ...rest } = options;
    return this.process(withoutRunbook ? undefined : this.runbook, async (session) => {
      await recordResume(session);
      return rollBack(session, rest);
    });
  }

  /** A new process does something else with the run, such as settling a doubt. */
  async do<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const result = await this.process(this.runbook, work);
    if (result === killed) throw new Error('the process was killed');
    return result;
  }

  async process<T>(
    runbook: Runbook | undefined,
    work: (session: Session, isFirst: boolean) => Promise<T>,
  ): Promise<T | typeof killed> {
    let dead = false;
    let tellDeath: (value: typeof killed) => void = () => {};
    const death = new Promise<typeof killed>((resolve) => (tellDeath = resolve));
    const die = () => {
      dead = true;
      tellDeath(killed);
      return new Promise<never>(() => {});
    };
    // Whatever a dead process still calls is never answered.
    const alive =
      <Args extends unknown[], Result>(call: (...args: Args) => Result) =>
      (...args: Args): Result =>
        dead ? (new Promise<never>(() => {}) as Result) : call(...args);
    const journal = new MemoryJournal(this.journal, {
      fate: (body, seq) => (dead ? 'before' : this.appendFate(body, seq)),
      die,
      now: () => this.clock.now().wall,
    });
    const host = this.#host(alive);
    const isFirst = this.journal.length === 0;
    const body = async (): Promise<T> => {
      if (isFirst) await journal.append(await this.#startEvent(host));
      const session: Session = {
        ports: {
          journal,
          host,
          operator: this.#operator(alive),
          notifier: {
            keep: alive(async (notice: Notice) => {
              if (this.hears(notice)) this.kept.push(notice);
            }),
            notify: alive(async (notice: Notice) => {
              if (!this.hears(notice)) return undefined;
              this.notices.push(notice);
              return this.answers.notify?.(notice);
            }),
          },
          confirmations: {
            requested: alive(async (step: string, armedSeq: number) => this.confirmed(step, armedSeq)),
          },
          breakGlass: {
            machine: async () => ({ machineId: 'f00d', user: 0 }),
            write: alive(async (text: string) => {
              if (this.diskIsFull)
                throw new StateError('journal.no-undo-script', 'undo.sh cannot be written: no space');
              this.undoScript = text;
              this.undoScriptsWritten += 1;
            }),
            append: alive(async (text: string, seal: string) => {
              if (this.diskIsFull)
                throw new StateError('journal.no-undo-script', 'undo.sh cannot be written: no space');
              this.undoScript += text + seal;
            }),
            marks: alive(async () => ({ ...this.undoMarks })),
            forgetMarks: alive(async () => {
              this.undoMarks = { done: '', reboot: '' };
            }),
          },
          logs: { line: (_step, _attempt, text) => this.logged.push(text) },
          tell: (event) => this.told.push(event),
          crashPoint: (point, step) => {
            this.passed.push(`${point} ${step}`);
            return this.diesAt(point, step) ? die() : undefined;
          },
        },
        runbook,
        state: fold(this.journal),
        folder: '/state/run',
        signal: this.interruption.signal,
        unattended: this.unattended,
        timer: this.hasTimer,
        notices: new NoticesUnderWay(),
        beganAfter: isFirst ? 0 : this.journal.length,
      };
      const result = await work(session, isFirst);
      if (!dead) expect(plain(session.state)).toEqual(plain(fold(this.journal)));
      return result;
    };
    return Promise.race([body(), death]);
  }

  #startEvent(host: EngineHost) {
    return startEvent(
      this.runbook,
      {
        run: `${this.runbook.id}-1`,
        params: this.params,
        hostName: 'machine',
        source: { file: '/runbook.ts', files: {} },
        tools: {},
        claims: [],
      },
      host,
    );
  }

  #host(alive: <A extends unknown[], R>(call: (...args: A) => R) => (...args: A) => R): EngineHost {
    const { files } = this;
    const call = async (command: Command, signal?: AbortSignal): Promise<CommandResult> => {
      const [name, ...args] = command.argv;
      const program = this.programs.get(name);
      if (program === undefined) throw new StepError('command.missing', `there is no program ${name}`);
      const reply = await program(args, { signal });
      const said = typeof reply === 'string' ? { stdout: reply } : reply;
      return { stdout: '', stderr: '', exitCode: 0, ...said };
    };
    return {
      exec: alive(async (command: Command, options = {}) => {
        const result = await call(command, options.signal);
        if (options.anyExit !== true && !(command.ok ?? [0]).includes(result.exitCode ?? -1))
          throw new StepError('command.failed', `${formatCommand(command)} exited with ${result.exitCode}`);
        return result;
      }),
      spawn: alive(async (command: Command, options: SpawnOptions) => {
        if (!this.programs.has(command.argv[0])) return call(command);
        if (options.signal?.aborted) throw new StepError('command.interrupted', 'interrupted');
        await options.onStart?.({ pid: 100, startTime: '1', bootId: this.boot.bootId }, () => {});
        this.acts.push(formatCommand(command));
        const result = await call(command, options.signal);
        if (options.signal?.aborted) throw new StepError('command.interrupted', 'interrupted');
        for (const line of result.stdout.split('\n').filter(Boolean)) options.onLine?.(line, 'stdout');
        return result;
      }),
      files: {
        read: alive((path: string) => files.read(path)),
        replace: alive((...args: Parameters<MemoryFiles['replace']>) => files.replace(...args)),
        stat: alive((path: string) => files.stat(path)),
        readLink: alive(() => files.readLink()),
        realPath: alive((path: string) => files.realPath(path)),
        list: alive(() => files.list()),
        makeFolder: alive(() => files.makeFolder()),
        rename: alive((from: string, to: string) => files.rename(from, to)),
        remove: alive((path: string) => files.remove(path)),
        space: alive(() => files.space()),
      },
      mounts: alive(async () => []),
      boot: alive(async () => this.boot),
      hiding: async () => (text: string) =>
        this.secrets.reduce((shown, each) => shown.replaceAll(each, '‹secret›'), text),
      self: alive(async () => ({ pid: 7, startTime: '1', bootId: this.boot.bootId })),
      clock: {
        now: () => this.clock.now(),
        sleep: alive((ms: number, signal) => this.clock.sleep(ms, signal)),
      },
    };
  }

  #operator(alive: <A extends unknown[], R>(call: (...args: A) => R) => (...args: A) => R): Operator {
    return {
      confirm: alive(
        async (step, question, kind) => this.answers.confirm?.(step, question, kind) ?? 'absent',
      ),
      soakStopped: alive(async (step, unhealthy) => this.answers.soak?.(step, unhealthy) ?? 'absent'),
      acceptIrreversible: alive(async (step, why) => this.answers.accept?.(step, why) ?? 'absent'),
      stillThere: alive(async (step, _question, until) => this.answers.stillThere?.(step, until) ?? 'absent'),
      laterWrites: alive(async (step, question) => this.answers.laterWrites?.(step, question) ?? 'absent'),
      gateInput: alive(async (step, fields) => this.answers.input?.(step, fields)),
    };
  }
}

function survived(outcome: Outcome | typeof killed): Outcome {
  if (outcome === killed) throw new Error('the process was killed');
  return outcome;
}

/** Without the steps that were only looked at, which a fold does not know. */
function plain(state: RunState): unknown {
  const steps = [...state.steps.values()]
    .filter(({ status, undone }) => status !== 'pending' || undone)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return JSON.parse(JSON.stringify({ ...state, steps, toProve: [...(state.rollback?.toProve ?? [])] }));
}
