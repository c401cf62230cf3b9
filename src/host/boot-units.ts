import { environmentLine, execLine, isPlain, type Setting, type Unit } from './unit-text.ts';

export const resumeUnit = 'migrate-resume.service';
export const soakUnit = 'migrate-soak.service';
export const soakTimer = 'migrate-soak.timer';

/** What the units are made of. All paths are absolute. */
export interface BootUnitsGiven {
  readonly node: string;
  readonly program: string;
  readonly stateDir: string;
  /** `MIGRATE_CLAIMS_DIR`, when it is set. */
  readonly claimsDir: string | undefined;
  /** `PATH` of the commands that steps run. */
  readonly path: string;
  /** Milliseconds between two looks at soaks. */
  readonly everyMs: number;
  /** Mount points, other than the root, on which the state folder and the program lie. */
  readonly mounts: readonly string[];
}

/**
 * How a process that works on a run is to be kept, by a unit of its own as by a transient one.
 *
 * None of systemd's sandboxing: nearly all of it gives a service a mount namespace of its own, and what a step
 * mounts there nobody else would see.
 */
export const workSettings: readonly Setting[] = [
  // The first signal goes to migrate alone, which ends its children in order and records it.
  ['KillMode', 'mixed'],
  ['TimeoutStopSec', '90s'],
  // A child that the kernel ended for want of memory is a failed command, not the end of the run.
  ['OOMPolicy', 'continue'],
  ['Restart', 'no'],
  // It waits for somebody, or was asked to stop: neither is a failure of the unit.
  ['SuccessExitStatus', '3 130'],
  ['UMask', '0022'],
  ['WorkingDirectory', '/'],
  ['RestrictRealtime', 'yes'],
];

/** The units by which runs go on after a boot, and soaks are looked at. */
export function bootUnits(given: BootUnitsGiven): readonly Unit[] {
  const { everyMs } = given;
  return [
    {
      name: resumeUnit,
      sections: {
        Unit: [['Description', 'Go on with unfinished runs of migrate after a boot'], ...unitSettings(given)],
        Service: serviceSettings(given, 'boot'),
        Install: [['WantedBy', 'multi-user.target']],
      },
    },
    {
      name: soakUnit,
      sections: {
        Unit: [
          ['Description', 'Look at the health of what migrate has moved'],
          ...unitSettings(given, [resumeUnit]),
        ],
        Service: serviceSettings(given, 'timer'),
      },
    },
    {
      name: soakTimer,
      sections: {
        Unit: [['Description', 'Look again and again at the health of what migrate has moved']],
        Timer: [
          ['OnActiveSec', `${everyMs}ms`],
          ['OnUnitActiveSec', `${everyMs}ms`],
          // Else systemd may be a minute late, and the time between two looks counts for nothing.
          ['AccuracySec', `${accuracyMs(everyMs)}ms`],
        ],
        Install: [['WantedBy', 'timers.target']],
      },
    },
  ];
}

function accuracyMs(everyMs: number): number {
  return Math.min(5_000, Math.max(100, Math.floor(everyMs / 20)));
}

function unitSettings({ stateDir, mounts }: BootUnitsGiven, after: readonly string[] = []): Setting[] {
  const known = mounts.filter(isPlain);
  return [
    ['After', ['local-fs.target', 'remote-fs.target', 'network-online.target', ...after].join(' ')],
    ['Wants', 'network-online.target'],
    ...(known.length === 0 ? [] : [['RequiresMountsFor', known.join(' ')] as const]),
    // systemd passes over what begins with X-; by this one knows whose runs go on.
    [stateDirKey, JSON.stringify(stateDir)],
  ];
}

function serviceSettings(given: BootUnitsGiven, by: 'boot' | 'timer'): Setting[] {
  const { node, program, stateDir, claimsDir, path, mounts } = given;
  const words = [node, program, '--state-dir', stateDir, '--no-input', 'resume', '--unattended', by];
  for (const point of mounts) words.push('--await-mount', point);
  return [
    // Not oneshot: nothing that boots has to wait until a copy is complete.
    ['Type', 'exec'],
    ['ExecStart', execLine(words)],
    ['Environment', environmentLine('PATH', path)],
    ...(claimsDir === undefined
      ? []
      : [['Environment', environmentLine('MIGRATE_CLAIMS_DIR', claimsDir)] as const]),
    ...workSettings,
  ];
}

const stateDirKey = 'X-MigrateStateDir';

/** The state folder whose runs a unit goes on with, from the unit's text; `undefined` for a unit that is none of ours. */
export function stateDirOf(text: string): string | undefined {
  const value = new RegExp(`^${stateDirKey}=(".*")$`, 'm').exec(text)?.[1];
  try {
    return value === undefined ? undefined : (JSON.parse(value) as string);
  } catch {
    return undefined;
  }
}
