import { StepError, UsageError } from '../../errors.ts';
import type { CumulativeProbe, HealthProbe, Host } from '../../runbook/index.ts';
import { journalEntries } from './journal.ts';
import { unitName, unitStates } from './unit-state.ts';
import { startProblem } from './unit-verdict.ts';

/**
 * Whether a unit is as it should be now: active, or a oneshot that has done its work, by its properties.
 * @param unit its full name
 */
export function unitUp(unit: string): HealthProbe<unknown, unknown> {
  return {
    name: `${mustBeUnit(unit)} is up`,
    check: async ({ host }) => {
      const [state] = await unitStates(host, [unit]);
      return (state && startProblem(state)) ?? true;
    },
  };
}

/**
 * Which start of a unit it is that runs, and how often systemd restarted it: what changes with every
 * crash, and also when somebody restarts it by hand, which sets systemd's own count back.
 * Vouches within a boot.
 *
 * @param unit its full name
 */
export function unitRestarts(unit: string): CumulativeProbe<unknown, unknown> {
  return {
    name: `restarts of ${mustBeUnit(unit)}`,
    counter: async ({ host }) => {
      const [state] = await unitStates(host, [unit]);
      if (state?.LoadState !== 'loaded') {
        throw new StepError('units.not-found', `there is no unit ${unit} on this machine`);
      }
      const { NRestarts, InvocationID } = state;
      return `${NRestarts === '' ? '' : `${NRestarts} in `}${InvocationID || 'no'} start`;
    },
  };
}

/**
 * The latest error that a unit, or systemd about it, wrote to the journal, by its cursor.
 *
 * @param unit its full name
 * @param options.lasts `boots` also vouches across boots, and needs a journal that is kept on disk
 * @throws StepError, at a look: `probe.journal` when the journal cannot be read as a whole, or is not kept
 */
export function unitErrors(
  unit: string,
  options: { readonly lasts?: 'boot' | 'boots' } = {},
): CumulativeProbe<unknown, unknown> {
  const { lasts = 'boot' } = options;
  return {
    name: `errors of ${mustBeUnit(unit)}`,
    lasts,
    counter: async ({ host }) => {
      if (lasts === 'boots') await mustBeKept(host);
      const when = lasts === 'boot' ? ['--boot'] : [];
      const asked = [`--unit=${unit}`, '--priority=err', ...when, '--lines=1'];
      const [latest] = await journalEntries(host, asked);
      return latest === undefined ? 'none' : String(latest['__CURSOR']);
    },
  };
}

async function mustBeKept(host: Host): Promise<void> {
  const id = (await host.files.read('/etc/machine-id'))?.trim();
  if (id !== undefined && (await host.files.stat(`/var/log/journal/${id}`))?.kind === 'folder') return;
  throw new StepError(
    'probe.journal',
    'the journal is not kept over a boot: there is no folder for this machine in /var/log/journal',
    'Set Storage=persistent in journald.conf, or leave lasts out.',
  );
}

/** A template such as `a@.service` is none, and a wrong name would be healthy for ever. */
function mustBeUnit(unit: string): string {
  const { error } = unitName.safeParse(unit);
  if (error === undefined) return unit;
  throw new UsageError('units.name', `${JSON.stringify(unit)}: ${error.issues[0]?.message}`);
}
