import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MigrateError, exitCodes } from '../errors.ts';
import { resumeUnit, soakTimer, stateDirOf } from './boot-units.ts';
import { systemFiles } from './files.ts';
import { exec } from './shell.ts';
import { unitText, type Unit } from './unit-text.ts';

/** Where the administrator's units lie. */
const unitFolder = '/etc/systemd/system';
const writtenBy = '# Written by `migrate boot enable`; `migrate boot disable` removes it.';

/** Whether systemd is this machine's PID 1: the test of sd_booted(3). */
export function systemdRuns(): boolean {
  return existsSync('/run/systemd/system');
}

/** Whether units cannot be written here, but come from the system's configuration. */
export function isNixos(): boolean {
  return existsSync('/etc/NIXOS');
}

/** Whether runs of a state folder go on by themselves after a boot. */
export async function resumesAtBoot(stateDir: string): Promise<boolean> {
  return systemdRuns() && (await enabledStateDir()) === stateDir;
}

/** The state folder whose runs go on by themselves, when there is one. */
export async function enabledStateDir(): Promise<string | undefined> {
  const { WantedBy = '', FragmentPath = '' } = await showUnit(resumeUnit);
  if (!WantedBy.split(' ').includes('multi-user.target') || FragmentPath === '') return undefined;
  return stateDirOf((await systemFiles.read(FragmentPath)) ?? '');
}

export interface UnitState {
  readonly name: string;
  /** Its file, when systemd knows one. */
  readonly file: string | null;
  /** Something starts it: a target, or the timer. */
  readonly wanted: boolean;
  /** As systemd calls it: `active`, `inactive`, `failed` … */
  readonly active: string;
}

export async function unitState(name: string): Promise<UnitState> {
  const found = await showUnit(name);
  return {
    name,
    file: found['FragmentPath'] || null,
    wanted: Boolean(found['WantedBy'] || found['TriggeredBy']),
    active: found['ActiveState'] ?? 'unknown',
  };
}

async function showUnit(name: string): Promise<Readonly<Record<string, string>>> {
  const properties = 'FragmentPath,WantedBy,TriggeredBy,ActiveState';
  const { stdout } = await exec(
    { argv: ['systemctl', 'show', `--property=${properties}`, '--', name] },
    { anyExit: true },
  );
  return Object.fromEntries(
    stdout
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/**
 * Writes units, each in one step, and has systemd start them at the next boot, timers also now. What was broken
 * off half-way is completed by the next call.
 *
 * @throws MigrateError `boot.foreign-unit` for a unit of that name that somebody else made
 */
export async function enableUnits(units: readonly Unit[]): Promise<void> {
  for (const unit of units) await mustBeOurs(unit.name);
  for (const unit of units) {
    await systemFiles.replace(join(unitFolder, unit.name), unitText(unit, writtenBy), { mode: 0o644 });
  }
  await systemctl('daemon-reload');
  await systemctl('enable', resumeUnit, soakTimer);
  // Restarted, since a timer that runs keeps to the times that it began with.
  await systemctl('restart', soakTimer);
}

/**
 * Removes exactly what `enableUnits` wrote. What is at work goes on: it only will not be started again.
 * @returns the files that were removed
 */
export async function disableUnits(names: readonly string[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const name of names) if ((await ownerOf(name)) === 'migrate') files.push(join(unitFolder, name));
  const there = (name: string) => files.includes(join(unitFolder, name));
  if (there(soakTimer)) await systemctl('disable', '--now', soakTimer);
  if (there(resumeUnit)) await systemctl('disable', resumeUnit);
  for (const file of files) await systemFiles.remove(file);
  await systemctl('daemon-reload');
  return files;
}

async function mustBeOurs(name: string): Promise<void> {
  if ((await ownerOf(name)) !== 'somebody else') return;
  const file = join(unitFolder, name);
  throw new MigrateError('boot.foreign-unit', `${file} was not written by migrate boot enable`, {
    exitCode: exitCodes.usage,
    hint: `It may mask the unit. When it is not needed: rm ${file}. Nothing was changed.`,
  });
}

async function ownerOf(name: string): Promise<'nobody' | 'migrate' | 'somebody else'> {
  const file = join(unitFolder, name);
  const found = await systemFiles.stat(file);
  if (found === undefined) return 'nobody';
  const text = found.kind === 'file' ? await systemFiles.read(file) : undefined;
  return text?.startsWith(writtenBy) === true ? 'migrate' : 'somebody else';
}

async function systemctl(...args: string[]): Promise<void> {
  await exec({ argv: ['systemctl', '--quiet', ...args] });
}
