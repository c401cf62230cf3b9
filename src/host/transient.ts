import { messageOf, MigrateError, exitCodes } from '../errors.ts';
import { workSettings } from './boot-units.ts';
import { exec } from './shell.ts';

/** A process that systemd keeps, so that it outlives the terminal that it was called from. */
export interface Transient {
  /** Such as `migrate-move-home-20261121-k3f9.service`. */
  readonly unit: string;
  readonly description: string;
  readonly words: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** Where it begins. */
  readonly folder: string;
}

/** The call of systemd-run; see `startTransient`. */
export function transientCommand({
  unit,
  description,
  words,
  env,
  folder,
}: Transient): [string, ...string[]] {
  const settings = workSettings.filter(([key]) => key !== 'WorkingDirectory');
  return [
    'systemd-run',
    '--quiet',
    // Forgotten when it has ended, also when it has failed: what it came to is in the run's journal.
    '--collect',
    `--unit=${unit}`,
    `--description=${description}`,
    '--service-type=exec',
    `--working-directory=${folder}`,
    ...settings.map(([key, value]) => `--property=${key}=${value}`),
    ...Object.entries(env).map(([name, value]) => `--setenv=${name}=${value}`),
    '--',
    // systemd fills in variables even here.
    ...words.map((word) => word.replaceAll('$', '$$$$')),
  ];
}

/** @throws MigrateError `detach.failed` with what systemd-run said */
export async function startTransient(transient: Transient): Promise<void> {
  try {
    await exec({ argv: transientCommand(transient) });
  } catch (thrown) {
    throw detachFailed(`systemd would not start ${transient.unit}: ${messageOf(thrown)}`, transient.unit);
  }
}

/** Whether systemd still keeps it, or is about to start it. */
export async function isKept(unit: string): Promise<boolean> {
  const { stdout } = await exec({ argv: ['systemctl', 'is-active', '--', unit] }, { anyExit: true });
  return ['active', 'activating', 'deactivating', 'reloading'].includes(stdout.trim());
}

export function detachFailed(message: string, unit: string): MigrateError {
  return new MigrateError('detach.failed', message, {
    exitCode: exitCodes.stepFailed,
    hint: `See what it said: journalctl -u ${unit}. Or go on here, without --detach.`,
  });
}
