import { resumeUnit, soakTimer, soakUnit } from '../../host/boot-units.ts';
import { enabledStateDir, isNixos, systemdRuns, unitState } from '../../host/systemd.ts';
import { messageOf } from '../../errors.ts';
import { isOver, type RunState } from '../../journal/state.ts';
import { whyNotByItself } from '../../plan/unattended.ts';
import type { BootDocument } from '../../render/documents/boot.ts';
import { refuseEnvironmentSecret } from '../../runbook/index.ts';
import { surveyRuns } from '../runs/surveyed-runs.ts';

export const bootUnitNames = [resumeUnit, soakUnit, soakTimer] as const;

/** Whether the runs of a state folder go on by themselves after a boot. */
export async function lookAtBoot(stateFolder: string): Promise<BootDocument> {
  const systemd = systemdRuns();
  const enabled = systemd ? await enabledStateDir() : undefined;
  const why = systemd ? whyNot(enabled, stateFolder) : 'systemd does not run here';
  const { sound } = await surveyRuns(stateFolder);
  return {
    type: 'boot',
    stateFolder,
    resumes: why === undefined,
    ...(why === undefined ? {} : { why }),
    systemd,
    nixos: isNixos(),
    units: systemd ? await Promise.all(bootUnitNames.map(unitState)) : [],
    needPerson: sound
      .filter(({ state }) => !isOver(state))
      .flatMap(({ place, state }) => {
        const cause = whyPerson(state);
        return cause === undefined ? [] : [{ run: place.id, why: cause }];
      }),
  };
}

function whyNot(enabled: string | undefined, stateFolder: string): string | undefined {
  if (enabled === stateFolder) return undefined;
  return enabled === undefined
    ? 'no unit is enabled that would'
    : `the units that are enabled go on with those in ${enabled}`;
}

function whyPerson(state: RunState): string | undefined {
  try {
    refuseEnvironmentSecret(state.params, 'at a boot');
  } catch (thrown) {
    return messageOf(thrown);
  }
  return whyNotByItself(state)?.message;
}
