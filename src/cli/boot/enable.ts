import { exitCodes, MigrateError, UsageError } from '../../errors.ts';
import { bootUnits } from '../../host/boot-units.ts';
import { disableUnits, enabledStateDir, enableUnits, isNixos, systemdRuns } from '../../host/systemd.ts';
import { isOver } from '../../journal/state.ts';
import type { BootDocument } from '../../render/documents/boot.ts';
import { quoteWord, refuseEnvironmentSecret, type Mount } from '../../runbook/index.ts';
import type { Places } from '../runs/places.ts';
import { surveyRuns } from '../runs/surveyed-runs.ts';
import { unitsGiven } from './given.ts';
import { bootUnitNames, lookAtBoot } from './look.ts';
import { nixosConfiguration } from './nixos.ts';

/**
 * Has the unfinished runs of a state folder go on by themselves after a boot. On NixOS nothing is written: what it
 * gives says what to add to the configuration.
 *
 * @param everyMs milliseconds between two looks at soaks
 * @throws MigrateError `boot.no-systemd`, `boot.not-root`, `boot.other-state`; UsageError `boot.program-lost`,
 *   `params.secret`
 */
export async function enableBoot(
  places: Places,
  everyMs: number,
  mounts: readonly Mount[],
): Promise<BootDocument> {
  mustHaveSystemd();
  const { sound } = await surveyRuns(places.state);
  for (const { state } of sound) {
    if (!isOver(state)) refuseEnvironmentSecret(state.params, `when ${state.run} goes on by itself`);
  }
  const given = unitsGiven(places, everyMs, mounts);
  if (isNixos()) return { ...(await lookAtBoot(places.state)), add: nixosConfiguration(given) };
  mustBeRoot('enable');
  await mustBeFree(places.state);
  await enableUnits(bootUnits(given));
  return lookAtBoot(places.state);
}

/** Takes back what `enableBoot` wrote. @throws MigrateError `boot.no-systemd`, `boot.not-root`, `boot.nixos` */
export async function disableBoot(places: Places): Promise<BootDocument> {
  mustHaveSystemd();
  if (isNixos()) {
    throw new MigrateError('boot.nixos', 'on NixOS the units come from the configuration', {
      exitCode: exitCodes.usage,
      hint: 'Set services.migrate-runbook.resume.enable = false; and rebuild.',
    });
  }
  mustBeRoot('disable');
  const removed = await disableUnits(bootUnitNames);
  return { ...(await lookAtBoot(places.state)), removed: [...removed] };
}

function mustHaveSystemd(): void {
  if (systemdRuns()) return;
  throw new MigrateError(
    'boot.no-systemd',
    'systemd does not run here, so nothing can go on by itself after a boot',
    {
      exitCode: exitCodes.usage,
      hint: 'After a boot go on by hand: migrate resume. In WSL, systemd = true under [boot] in /etc/wsl.conf starts it.',
    },
  );
}

function mustBeRoot(what: 'enable' | 'disable'): void {
  if (process.getuid?.() === 0) return;
  throw new UsageError('boot.not-root', 'only root can write units of systemd', `sudo migrate boot ${what}`);
}

/** The units of one state folder must not silently take the place of another's. */
async function mustBeFree(stateDir: string): Promise<void> {
  const enabled = await enabledStateDir();
  if (enabled === undefined || enabled === stateDir) return;
  throw new MigrateError(
    'boot.other-state',
    `the runs in ${enabled} go on by themselves, and only those of one folder can`,
    {
      exitCode: exitCodes.usage,
      hint: `Look at them: migrate --state-dir ${quoteWord(enabled)} status. To give them up: migrate boot disable`,
    },
  );
}
