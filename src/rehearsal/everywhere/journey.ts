import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, RehearsalPlan } from '../../runbook/index.ts';
import { layoutOf } from '../layout.ts';
import type { BuildOptions } from '../protocol.ts';
import { goOnRehearsing, readRun, rehearse, rehearseRollback, type RehearsalReport } from '../rehearse.ts';
import type { Snapshot, SnapshotEntry } from '../snapshot.ts';
import { buildWorld, type World } from '../world.ts';
import { parsePasses, type Pass } from './enumerate.ts';
import type { Seen } from './likeness.ts';

/** What every world of a sweep is made of. */
export interface Setup {
  readonly plan: RehearsalPlan;
  readonly build: BuildOptions & { readonly parent?: string };
  /** The id of a runbook, or the path of a file that the worlds can see. */
  readonly runbook: string;
  readonly params: Readonly<Record<string, Json>>;
  /** The ids of its steps and gates, in page order. */
  readonly ids: readonly string[];
}

/** Names what a plan has booted in a rollback, among its boots. */
const goingBack = 'rollback';

/** What is kept of the program's last words, in characters. */
const lastWords = 2_000;

/** Everything that is compared; what commands print stands beside the files, by the command. */
async function lookAt(world: World, { notCompared, looks = [] }: RehearsalPlan): Promise<Snapshot> {
  const snapshot = await world.survey(notCompared);
  const printed: Record<string, SnapshotEntry> = {};
  for (const argv of looks) {
    const { stdout } = await world.run(argv);
    printed[`$ ${argv.join(' ')}`] = { kind: 'other', mode: 0, uid: 0, gid: 0, mtime: '0', target: stdout };
  }
  return { ...snapshot, entries: { ...snapshot.entries, ...printed } };
}

/** Now, in nanoseconds since 1970; a little less, since file systems are that late. */
function moment(): bigint {
  return BigInt(Date.now() - 20) * 1_000_000n;
}

/** A world of its own, whose run is led from checkpoint to checkpoint in page order. */
export class Journey {
  readonly world: World;
  readonly #setup: Setup;
  readonly #built: bigint;
  readonly #runBegan = moment();
  /** As it was before the run. */
  readonly start: Snapshot;
  /** The index of the last step that is done; -1 before the first. */
  at = -1;
  /** As it was before the step that is taken back and done again. */
  before: Seen | undefined;
  /** What the program said last. */
  said = '';

  private constructor(setup: Setup, world: World, start: Snapshot, built: bigint) {
    this.#built = built;
    this.#setup = setup;
    this.world = world;
    this.start = start;
  }

  static async begin(setup: Setup): Promise<Journey> {
    // mkfs writes times in whole seconds.
    const built = moment() - 1_000_000_000n;
    const world = await buildWorld(setup.plan, setup.build);
    try {
      return new Journey(setup, world, await lookAt(world, setup.plan), built);
    } catch (thrown) {
      await world.destroy();
      throw thrown;
    }
  }

  /** Works in a world that ends with the work. */
  static async within<Result>(setup: Setup, work: (journey: Journey) => Promise<Result>): Promise<Result> {
    const journey = await Journey.begin(setup);
    try {
      return await work(journey);
    } finally {
      await journey.world.destroy();
    }
  }

  /** Goes on until the step with this index is done, killed on the way or not. */
  async to(index: number, how: { crash?: string; passes?: boolean } = {}): Promise<RehearsalReport> {
    const { plan, runbook, params, ids } = this.#setup;
    const until = ids[index];
    const options = {
      ...this.#drive(how),
      surroundings: plan,
      ...(plan.answers === undefined ? {} : { answers: plan.answers }),
      ...(until === undefined ? {} : { until }),
    };
    const isBegun = this.at >= 0 || (await readRun(this.world)) !== undefined;
    const report = isBegun
      ? await goOnRehearsing(this.world, options)
      : await rehearse(this.world, { ...options, runbook, params });
    if (report.outcome === 'done') this.at = index;
    return report;
  }

  /** Takes the run back, wholly or until this step is the last that is done. */
  back(to: string | undefined, how: { crash?: string; passes?: boolean } = {}): Promise<RehearsalReport> {
    return rehearseRollback(this.world, { ...this.#drive(how), ...(to === undefined ? {} : { to }) });
  }

  /**
   * Boots what was booted at first, as a person does who goes back: on a machine with several systems, neither this run
   * nor anything in the machine chooses that.
   */
  async bootAsAtFirst(): Promise<void> {
    if (this.#setup.plan.systemDisks?.boots?.[goingBack] === undefined) return;
    writeFileSync(join(layoutOf(this.world.folder).shared, 'boot-gate'), `${goingBack}\n`);
    await this.world.reboot();
  }

  async see(): Promise<Seen> {
    const snapshot = await lookAt(this.world, this.#setup.plan);
    return { snapshot, built: this.#built, runBegan: this.#runBegan };
  }

  /** What the program came by since the last call. */
  passes(): readonly Pass[] {
    const file = join(layoutOf(this.world.folder).shared, 'passes');
    if (!existsSync(file)) return [];
    const passes = parsePasses(readFileSync(file, 'utf8'));
    rmSync(file);
    return passes;
  }

  #drive(how: { crash?: string; passes?: boolean }) {
    this.said = '';
    const onOutput = (text: string) => {
      this.said = (this.said + text).slice(-lastWords);
    };
    return { ...how, flags: ['--no-input', '--no-color'], onOutput };
  }
}
