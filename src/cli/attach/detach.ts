import { exitCodes, MigrateError, UsageError, type ExitCode } from '../../errors.ts';
import { readJournal } from '../../host/journal-file.ts';
import { readLock } from '../../host/lock.ts';
import type { RunFolder } from '../../host/runs.ts';
import { systemdRuns } from '../../host/systemd.ts';
import { detachFailed, isKept, startTransient } from '../../host/transient.ts';
import type { RunState } from '../../journal/state.ts';
import { detachedDocument } from '../../render/documents/detached.ts';
import { refuseEnvironmentSecret, type Clock } from '../../runbook/index.ts';
import { thisProgram } from '../boot/given.ts';
import type { Globals } from '../invocation.ts';
import { openRun } from '../runs/open-run.ts';
import { placesOf } from '../runs/places.ts';
import { print } from '../terminal/print.ts';
import { withStateOption } from '../options/state-option.ts';

const longestStartMs = 20_000;
const lookEveryMs = 100;

/** Of the environment, what the process needs that goes on elsewhere; none of it is secret. */
const passedOn = [
  ...['PATH', 'HOME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME'],
  ...['MIGRATE_CLAIMS_DIR', 'NODE_COMPILE_CACHE', 'NODE_OPTIONS'],
];

/**
 * Refuses what could not be detached, before anything begins.
 * @throws MigrateError `detach.no-systemd`; UsageError `detach.not-root`, `params.secret`
 */
export function mustDetach(params: unknown): void {
  if (!systemdRuns()) {
    throw new MigrateError(
      'detach.no-systemd',
      'systemd does not run here, so nothing can keep a detached run',
      {
        exitCode: exitCodes.usage,
        hint: 'Call it without --detach, within tmux or screen.',
      },
    );
  }
  if (process.getuid?.() !== 0) {
    throw new UsageError(
      'detach.not-root',
      'only what root runs can be detached: systemd ends what others leave behind',
      'Call it as root, or without --detach within tmux or screen.',
    );
  }
  refuseEnvironmentSecret(params, 'when the run is detached');
}

export interface DetachGiven {
  readonly place: RunFolder;
  readonly state: RunState;
  /** The arguments of the call that goes on. */
  readonly words: readonly string[];
  readonly globals: Globals;
  readonly clock: Clock;
}

/**
 * Has a transient unit go on with a run, and says how to see it again.
 * @throws LockedError when another process is at it; MigrateError `detach.failed`
 */
export async function detach(given: DetachGiven): Promise<ExitCode> {
  const { place, globals } = given;
  mustDetach(given.state.params);
  // Whoever holds it is told here, where somebody reads it.
  await (await openRun(place, given.clock)).close();
  const { events } = await readJournal(place.journal);
  const unit = `migrate-${place.id}.service`;
  const env = passedOn.flatMap((name) => {
    const value = process.env[name];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  await startTransient({
    unit,
    description: `migrate ${given.words.join(' ')}`,
    words: [
      process.execPath,
      thisProgram(),
      '--state-dir',
      placesOf(globals).state,
      '--no-input',
      ...given.words,
    ],
    env: Object.fromEntries(env),
    folder: '/',
  });
  await begun(given, unit, events.length);
  const document = { type: 'detached' as const, run: place.id, unit, attach: `migrate attach ${place.id}` };
  print(globals, detachedDocument, document, () =>
    withStateOption(
      [
        `${place.id} goes on without this terminal, as ${unit}.`,
        `See it: migrate attach ${place.id}`,
        `Stop it in order: systemctl stop ${unit}`,
      ].join('\n'),
      globals.stateDir,
    ),
  );
  return exitCodes.done;
}

/** Waits until the process is at the run, so that `attach` finds it; or has come and gone. */
async function begun({ place, clock }: DetachGiven, unit: string, before: number): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
    const kept = await isKept(unit);
    if ((await readLock(place.folder)) !== undefined) return;
    if ((await readJournal(place.journal)).events.length > before) return;
    if (!kept) throw detachFailed(`${unit} ended before it went on with ${place.id}`, unit);
    if (waitedMs >= longestStartMs) throw detachFailed(`${unit} does not begin`, unit);
    await clock.sleep(lookEveryMs);
  }
}

/** The arguments of this call for the process that goes on: for exactly this run, and not detached once more. */
export function wordsFor(argv: readonly string[], name: string | undefined, run: string): readonly string[] {
  const rest = argv.filter((word) => word !== '--detach' && word !== '--no-input');
  const at = name === undefined ? -1 : rest.lastIndexOf(name);
  return at === -1 ? [...rest, run] : rest.with(at, run);
}

/** The call that goes on with a run which this one has begun. */
export function wordsOfRun(
  run: string,
  options: {
    readonly yes?: true | undefined;
    readonly wait?: true | undefined;
    readonly until?: string | undefined;
    readonly jobs: number;
  },
): readonly string[] {
  const { yes, wait, until, jobs } = options;
  return [
    ...['resume', run, '--jobs', String(jobs)],
    ...(yes === true ? ['--yes'] : []),
    ...(wait === true ? ['--wait'] : []),
    ...(until === undefined ? [] : ['--until', until]),
  ];
}
