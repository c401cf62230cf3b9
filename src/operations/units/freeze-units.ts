import { z } from 'zod';
import { StepError } from '../../errors.ts';
import {
  isPlaceholder,
  operation,
  sh,
  type Command,
  type Host,
  type UndoAction,
} from '../../runbook/index.ts';
import {
  isRunning,
  isUp,
  presentUnits,
  reloadWarning,
  triggersFirst,
  unitName,
  unitStates,
  type UnitState,
} from './unit-state.ts';

const input = z.strictObject({
  units: z.array(unitName).min(1).readonly(),
  /** Those of the units that need not exist, and others that are frozen where they do. */
  optional: z.array(unitName).readonly().optional(),
  /** Keep anything from starting them, until the next boot; `runtime` when left out. */
  mask: z.union([z.literal('runtime'), z.literal(false)]).optional(),
});
type Input = z.output<typeof input>;

interface FrozenUnit {
  readonly unit: string;
  readonly state: UnitState;
  readonly wasUp: boolean;
  /** How this step masks it; `none` where it was masked before, or shall not be. */
  readonly mask: 'systemctl' | 'link' | 'none';
}
export interface Captured {
  readonly units: readonly FrozenUnit[];
}

/**
 * Where a link to /dev/null masks any unit until the next boot. `systemctl mask --runtime` writes to
 * /run/systemd/system, which loses against /etc/systemd/system: it exits with 0 and masks nothing.
 * On NixOS every unit lies in /etc. See "Unit File Load Path" in systemd.unit(5).
 */
const strongestMasks = '/run/systemd/system.control';

/**
 * Stops units, sockets and timers before what they start, and masks them until the next boot. Judged by
 * their properties. The undo unmasks them and starts those that were up.
 *
 * Input: `units`; `optional`, those that need not exist; `mask`.
 * @throws StepError `units.not-found`, `units.triggered` when an active socket, timer or path that is
 *   not named would start one again, `units.transient`, `units.not-stopped`, `units.not-masked`
 */
export const freezeUnits = operation({
  operation: 'freeze-units',
  version: 1,
  reversal: 'undo',
  input,
  capture: ({ host, input }) => look(host, input),
  probe: async ({ host, input, captured }) => {
    const now = await nowOf(host, captured);
    if (now.every((unit) => problemOf(unit, input) === undefined)) return 'done';
    return now.some(maskedByUs) || now.some(({ wasUp, now }) => wasUp && !isUp(now))
      ? 'partial'
      : 'not-started';
  },
  idempotent: true,
  preview: async ({ host, input }) => {
    const { units } = await look(host, input);
    const warning = reloadWarning(new Map(units.map(({ unit, state }) => [unit, state])));
    const running = units.filter(({ wasUp }) => wasUp).map(({ unit }) => unit);
    return {
      summary: `${running.length === 0 ? 'none of them runs' : `${running.join(', ')} will stop`}${warning === undefined ? '' : `; ${warning}`}`,
      facts: { running, needDaemonReload: warning ?? null },
    };
  },
  describe: ({ input, captured }) =>
    isPlaceholder(captured)
      ? `stop ${input.units.join(', ')}${input.mask === false ? '' : ' and mask them until the next boot'}`
      : freeze(captured),
  run: async ({ exec, log, captured, host, input }) => {
    const warning = reloadWarning(new Map(captured.units.map(({ unit, state }) => [unit, state])));
    if (warning !== undefined) log(warning);
    // Exit codes say little here; the properties decide.
    for (const command of freeze(captured)) await exec(command, { anyExit: true });
    await mustBeFrozen(host, input, captured);
  },
  verify: ({ host, input, captured }) => mustBeFrozen(host, input, captured),
  undoNeeds: [
    {
      name: 'the units that it will start',
      check: async ({ host, captured }) => {
        const gone = (await nowOf(host, captured))
          .filter(({ wasUp, now }) => wasUp && now.LoadState === 'not-found')
          .map(({ unit }) => unit);
        return gone.length === 0 || `there is no unit ${gone.join(', ')} any more`;
      },
    },
  ],
  undo: ({ captured }) => thaw(captured),
});

async function look(host: Host, { units, optional, mask }: Input): Promise<Captured> {
  const present = await presentUnits(host, units, optional);
  const stray = [...present.values()].flatMap(({ TriggeredBy }) =>
    TriggeredBy.split(' ').filter((unit) => unit !== '' && !present.has(unit)),
  );
  const triggers = [...new Set(stray)];
  const states = await unitStates(host, triggers);
  const active = triggers.filter((_, index) => states[index] !== undefined && isRunning(states[index]));
  if (active.length > 0) {
    throw new StepError(
      'units.triggered',
      `${active.join(', ')} would start them again, and is not among the units`,
      `Add ${active.join(', ')} to the units.`,
    );
  }
  const lost = [...present].filter(([, { FragmentPath }]) =>
    /^\/(run|etc)\/systemd\/(transient|system\.control)\//.test(FragmentPath),
  );
  // Masked units lie in system.control as well, by a link.
  const transient = lost.filter(([, { LoadState }]) => LoadState !== 'masked').map(([unit]) => unit);
  if (transient.length > 0) {
    throw new StepError(
      'units.transient',
      `${transient.join(', ')} was made at run time: once stopped, it cannot be started again`,
      'Stop it by hand, in a manual gate.',
    );
  }
  return {
    units: [...present].map(([unit, state]) => ({
      unit,
      state,
      wasUp: isUp(state),
      mask: mask === false || state.LoadState === 'masked' ? 'none' : maskFor(state),
    })),
  };
}

function maskFor({ FragmentPath }: UnitState): 'systemctl' | 'link' {
  return /^(\/usr(\/local)?)?\/lib\/systemd\/system\/|^\/run\/systemd\/generator(\.late)?\//.test(
    FragmentPath,
  )
    ? 'systemctl'
    : 'link';
}

function freeze({ units }: Captured): readonly Command[] {
  const { bySystemctl, links } = masks(units);
  const { triggers, others } = triggersFirst(units.map(({ unit }) => unit));
  const stop = units.length === 0 ? [] : [sh`systemctl stop -- ${[...triggers, ...others]}`];
  // A timer fails when the unit that it starts is masked beneath it, so all stop first. What comes up
  // meanwhile stops again: once all are masked, nothing starts them.
  return [
    ...stop,
    ...(bySystemctl.length === 0 ? [] : [sh`systemctl mask --runtime -- ${bySystemctl}`]),
    ...(links.length === 0 ? [] : [sh`mkdir -p ${strongestMasks}`]),
    ...links.map((link) => sh`ln -sfn /dev/null ${link}`),
    ...(links.length === 0 ? [] : [sh`systemctl daemon-reload`]),
    ...stop,
  ];
}

/** Safe when nothing was frozen: unmasking what is not masked and starting what runs change nothing. */
function thaw({ units }: Captured): readonly UndoAction[] {
  const { bySystemctl, links } = masks(units);
  const { triggers, others } = triggersFirst(units.filter(({ wasUp }) => wasUp).map(({ unit }) => unit));
  return [
    ...(links.length === 0 ? [] : [sh`rm -f -- ${links}`, sh`systemctl daemon-reload`]),
    ...(bySystemctl.length === 0 ? [] : [sh`systemctl unmask --runtime -- ${bySystemctl}`]),
    ...[triggers, others].filter((group) => group.length > 0).map((group) => sh`systemctl start -- ${group}`),
    ...[...triggers, ...others].map((unit) => sh`systemctl is-active --quiet -- ${unit}`),
  ];
}

function masks(units: readonly FrozenUnit[]): { bySystemctl: readonly string[]; links: readonly string[] } {
  const of = (kind: FrozenUnit['mask']) => units.filter(({ mask }) => mask === kind).map(({ unit }) => unit);
  return { bySystemctl: of('systemctl'), links: of('link').map((unit) => `${strongestMasks}/${unit}`) };
}

type UnitNow = FrozenUnit & { readonly now: UnitState };

async function nowOf(host: Host, { units }: Captured): Promise<readonly UnitNow[]> {
  const states = await unitStates(
    host,
    units.map(({ unit }) => unit),
  );
  return units.flatMap((unit, index) =>
    states[index] === undefined ? [] : [{ ...unit, now: states[index] }],
  );
}

function maskedByUs({ mask, now }: UnitNow): boolean {
  return mask !== 'none' && now.LoadState === 'masked';
}

function problemOf({ unit, now }: UnitNow, { mask }: Input): string | undefined {
  if (isRunning(now) || !['', '0'].includes(now.MainPID))
    return `${unit} is ${now.ActiveState} (${now.SubState})`;
  if (mask !== false && now.LoadState !== 'masked') return `${unit} is not masked (${now.FragmentPath})`;
  return undefined;
}

async function mustBeFrozen(host: Host, input: Input, captured: Captured): Promise<void> {
  const now = await nowOf(host, captured);
  const problems = now.flatMap((unit) => problemOf(unit, input) ?? []);
  if (problems.length === 0) return;
  const running = now.some(({ now }) => isRunning(now));
  throw new StepError(
    running ? 'units.not-stopped' : 'units.not-masked',
    problems.join('; '),
    `See: systemctl status ${captured.units.map(({ unit }) => unit).join(' ')}`,
  );
}
