import { z } from 'zod';
import { StepError } from '../../errors.ts';
import type { Host } from '../../runbook/index.ts';

/** systemd's properties by which a unit is judged, under systemd's own names. */
const properties = [
  'LoadState',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'FragmentPath',
  'NeedDaemonReload',
  'Type',
  'RemainAfterExit',
  'Result',
  'ConditionResult',
  'InvocationID',
  'MainPID',
  'ExecMainCode',
  'ExecMainStatus',
  'SuccessExitStatus',
  'NRestarts',
  'TriggeredBy',
] as const;

/** Empty text where the kind of unit has no such property. */
export type UnitState = Readonly<Record<(typeof properties)[number], string>>;

/** Full names: `systemctl` would take a bare name for a service, and a pattern for whatever matches. */
export const unitName = z
  .string()
  .regex(/^[\w@:.\\-]+\.(service|socket|timer|path|mount|automount|swap|target|slice)$/, {
    error: 'expected a full unit name, such as nix-daemon.socket',
  });

/**
 * The properties of units, in their order. A unit that does not exist has the LoadState `not-found`.
 * @throws StepError `units.no-systemd` when systemd does not answer
 */
export async function unitStates(host: Host, units: readonly string[]): Promise<readonly UnitState[]> {
  if (units.length === 0) return [];
  const argv = ['systemctl', 'show', `--property=${properties.join(',')}`, '--', ...units] as const;
  const { stdout, stderr, exitCode } = await host.exec({ argv }, { anyExit: true });
  const states = parseUnitStates(stdout);
  if (states.length === units.length) return states;
  throw new StepError(
    'units.no-systemd',
    `systemctl answered for ${states.length} of ${units.length} units and exited with ${exitCode}: ${stderr.trim()}`,
    'These steps need a machine that systemd runs, and root.',
  );
}

/** @param text the output of `systemctl show`: lines `Name=value`, an empty line between units */
export function parseUnitStates(text: string): readonly UnitState[] {
  return text
    .split('\n\n')
    .filter((block) => block.trim() !== '')
    .map((block) => {
      const found = new Map(
        block.split('\n').map((line) => {
          const at = line.indexOf('=');
          return [line.slice(0, at), line.slice(at + 1)];
        }),
      );
      return Object.fromEntries(properties.map((name) => [name, found.get(name) ?? ''])) as UnitState;
    });
}

/** Whether it runs, or is about to; a unit that stops is not stopped yet. */
export function isRunning({ ActiveState }: UnitState): boolean {
  return ['active', 'reloading', 'refreshing', 'activating', 'deactivating'].includes(ActiveState);
}

/** Whether it is meant to be up: a oneshot in the middle of its work is not, it will end by itself. */
export function isUp({ ActiveState, Type }: UnitState): boolean {
  return (
    ActiveState === 'active' ||
    ActiveState === 'reloading' ||
    (ActiveState === 'activating' && Type !== 'oneshot')
  );
}

/** A oneshot that is inactive when all went well. */
export function endsByItself({ Type, RemainAfterExit }: UnitState): boolean {
  return Type === 'oneshot' && RemainAfterExit !== 'yes';
}

/** Units that start others on demand: stopped first and started first. */
export function triggersFirst(units: readonly string[]): {
  triggers: readonly string[];
  others: readonly string[];
} {
  const trigger = (unit: string) => /\.(socket|timer|path|automount)$/.test(unit);
  return { triggers: units.filter(trigger), others: units.filter((unit) => !trigger(unit)) };
}

/**
 * The states of units, all of which must exist but the optional ones.
 * @throws StepError `units.not-found`, `units.not-loaded`
 */
export async function presentUnits(
  host: Host,
  units: readonly string[],
  optional: readonly string[] = [],
): Promise<ReadonlyMap<string, UnitState>> {
  const all = [...new Set([...units, ...optional])];
  const states = await unitStates(host, all);
  const present = new Map<string, UnitState>();
  for (const [index, unit] of all.entries()) {
    const state = states[index];
    if (state === undefined) continue;
    if (state.LoadState === 'not-found') {
      if (optional.includes(unit)) continue;
      throw new StepError(
        'units.not-found',
        `there is no unit ${unit} on this machine`,
        `Correct its name, or name it as optional. Those there are: systemctl list-unit-files`,
      );
    }
    if (state.LoadState !== 'loaded' && state.LoadState !== 'masked') {
      throw new StepError(
        'units.not-loaded',
        `systemd cannot load ${unit}: ${state.LoadState}`,
        `See: systemctl status ${unit}`,
      );
    }
    present.set(unit, state);
  }
  return present;
}

/** Units whose definition on the disk is not the one that runs. */
export function reloadWarning(states: ReadonlyMap<string, UnitState>): string | undefined {
  const units = [...states].filter(([, state]) => state.NeedDaemonReload === 'yes').map(([unit]) => unit);
  if (units.length === 0) return undefined;
  return `${units.join(', ')}: the unit on disk is not the one that runs (NeedDaemonReload=yes); systemctl daemon-reload makes it so`;
}
