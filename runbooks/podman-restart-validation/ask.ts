import { StepError, z, type CommandResult, type Host, type ReadContext } from 'migrate-runbook';
import { asUser, userctl, type Account, type Argv } from './account.ts';

/** Puts a question whose exit code is part of the answer. */
export type Ask = (argv: Argv) => Promise<CommandResult>;

export const asking =
  (host: Host): Ask =>
  (argv) =>
    host.exec({ argv, cwd: '/' }, { anyExit: true });

/** The same in a check, by what is recorded as its evidence. */
export const witnessed =
  ({ $ }: Pick<ReadContext, '$'>): Ask =>
  (argv) =>
    $.anyExit`${argv}`;

const properties = [
  'LoadState',
  'ActiveState',
  'SubState',
  'Result',
  'ExecMainStatus',
  'Restart',
  'ExecStart',
  'FragmentPath',
  'DropInPaths',
  'NeedDaemonReload',
] as const;

/** What systemd says of a unit, by its own names; empty where the unit has no such property. */
export const unitState = z.record(z.enum(properties), z.string());
export type UnitState = z.output<typeof unitState>;

/** @param ctl systemctl of the manager that is meant, without its verb */
export async function readUnit(
  ask: Ask,
  ctl: (...words: string[]) => Argv,
  unit: string,
): Promise<UnitState> {
  const { stdout } = await ask(ctl('show', unit, `--property=${properties.join(',')}`));
  const found = new Map(
    stdout.split('\n').map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)] as const;
    }),
  );
  return Object.fromEntries(properties.map((name) => [name, found.get(name) ?? ''])) as UnitState;
}

export const userUnit = (ask: Ask, account: Account, unit: string): Promise<UnitState> =>
  readUnit(ask, (...words) => userctl(account, ...words), unit);

/** When each container began, as podman tells it. */
export const startTimes = z.record(z.string(), z.string());

/** @throws StepError `podman.no-container` where one of them is not there */
export async function readStartTimes(
  ask: Ask,
  account: Account,
  names: readonly string[],
): Promise<z.output<typeof startTimes>> {
  const times: Record<string, string> = {};
  for (const name of names) {
    const format = '--format={{.State.StartedAt}}';
    const { stdout, stderr, exitCode } = await ask(
      asUser(account, 'podman', 'container', 'inspect', format, name),
    );
    if (exitCode !== 0) {
      throw new StepError(
        'podman.no-container',
        `podman has no container ${name} for ${account.name}: ${stderr.trim()}`,
        'Start the stacks, or name others with stacks.',
      );
    }
    times[name] = stdout.trim();
  }
  return times;
}

/** Words of a unit's property that holds paths. */
export const pathsIn = (value: string | undefined): readonly string[] =>
  (value ?? '').split(/\s+/).filter(Boolean);
