import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RehearsalPlan } from '../runbook/index.ts';
import { layoutOf } from './layout.ts';
import { mustHoldZfs } from './nixos-zfs-needs.ts';
import { writeOwner } from './owner.ts';
import { moduleBeside } from './package-root.ts';
import type { BuildOptions, Reboot, RunOptions, RunResult, WorldFacts } from './protocol.ts';
import type { Snapshot } from './snapshot.ts';
import { startSupervisor } from './supervisor-process.ts';
import { freeLoopDevices, removeWorld, sweepWorlds, worldPrefix } from './sweep.ts';

export interface WorldOptions extends BuildOptions {
  /** Where the world's folder is made; the system's folder for temporary files when left out. */
  readonly parent?: string;
  /** The folder of a compiled copy of this package, which worlds see and which starts faster; this one when left out. */
  readonly program?: string;
}

/** A program in the world that may still run. */
export interface Running {
  readonly result: Promise<RunResult>;
  /** Sends a signal to the program itself, not to its children; false when it does not run. */
  kill(signal: NodeJS.Signals): Promise<boolean>;
}

/** A throw-away miniature machine. Whatever happens to this process, the machine dies with it. */
export interface World extends AsyncDisposable {
  /** On the host: disks and the console's log. */
  readonly folder: string;
  /** The command line as it runs in the world. */
  readonly migrate: string;
  readonly facts: WorldFacts;
  /** Runs a program in the world to its end; a failing one is a result and no error. */
  run(argv: readonly string[], options?: RunOptions & { onOutput?: OnOutput }): Promise<RunResult>;
  start(argv: readonly string[], options?: RunOptions & { onOutput?: OnOutput }): Running;
  /** Runs a program on the world's disk although the world does not boot, as from a rescue system. */
  rescue(argv: readonly string[]): Promise<RunResult>;
  /** @throws WorldError `world.no-boot` when the machine does not come up again. */
  reboot(kind?: Reboot): Promise<void>;
  /** Puts the world's clock forward. */
  skipTime(milliseconds: number): Promise<void>;
  /** The trees at these paths; with `beneath`, as they lie under everything that was mounted since boot. */
  snapshot(paths: readonly string[], options?: { beneath?: boolean }): Promise<Snapshot>;
  /** Everything in which two worlds can differ; `without` some paths and everything beneath them. */
  survey(without?: readonly string[]): Promise<Snapshot>;
  /** The journal of its newest run, as text; empty before the first. */
  journal(): Promise<string>;
  /** Ends the world and removes everything of it; with `keep`, all but the folder. */
  destroy(): Promise<void>;
}

export type OnOutput = (text: string, stream: 'stdout' | 'stderr') => void;

/**
 * Builds a world and boots it. What killed predecessors left behind is removed first.
 *
 * @throws WorldError when this host cannot hold a world, with what is missing.
 */
export async function buildWorld(plan: RehearsalPlan, options: WorldOptions = {}): Promise<World> {
  const { parent: givenParent, program, ...build } = options;
  mustHoldZfs(plan, build);
  const parent = realpathSync(givenParent ?? tmpdir());
  await sweepWorlds(parent);
  const folder = mkdtempSync(join(parent, worldPrefix));
  const kept = options.keep === true;
  writeOwner(layoutOf(folder).owner, kept);
  const supervisor = startSupervisor(folder);
  const destroy = async () => {
    await supervisor.end();
    await (kept ? freeLoopDevices(folder) : removeWorld(folder));
  };
  let facts: WorldFacts;
  try {
    facts = await supervisor.ask('build', { plan, options: build });
  } catch (thrown) {
    await destroy();
    throw thrown;
  }

  let runs = 0;
  const start: World['start'] = (argv, runOptions = {}) => {
    const { onOutput, ...rest } = runOptions;
    runs += 1;
    const run = String(runs);
    if (onOutput !== undefined) supervisor.listen(run, onOutput);
    return {
      result: supervisor.ask('run', { run, argv, options: rest }),
      kill: (signal) => supervisor.ask('kill', { run, signal: signal.replace(/^SIG/, '') }),
    };
  };
  return {
    folder,
    migrate:
      program === undefined
        ? moduleBeside('migrate-in-world')
        : join(program, 'dist/src/rehearsal/migrate-in-world.js'),
    facts,
    start,
    run: (argv, runOptions) => start(argv, runOptions).result,
    rescue: (argv) => supervisor.ask('rescue', { argv }),
    async reboot(kind = 'shutdown') {
      await supervisor.ask('reboot', { kind });
    },
    async skipTime(milliseconds) {
      await supervisor.ask('skip', { milliseconds });
    },
    snapshot: (paths, { beneath = false } = {}) => supervisor.ask('snapshot', { paths, beneath }),
    survey: (without = []) => supervisor.ask('survey', { without }),
    journal: () => supervisor.ask('journal', {}),
    destroy,
    [Symbol.asyncDispose]: destroy,
  };
}
