import type { ReadContext } from 'migrate-runbook';
import { asUser, ctlOf, userctl, type Argv } from './account.ts';
import type { Params } from './params.ts';
import type { Reached } from './reach.ts';

type Showing = Pick<ReadContext, '$'>;

/**
 * Runs commands that only look, for the evidence of a check: how things stand when it is asked. What it judges is
 * what a step saw in its time, since a check may be asked again when everything was put back.
 */
async function show({ $ }: Showing, ...commands: readonly Argv[]): Promise<void> {
  for (const argv of commands) await $.anyExit`${argv}`;
}

const standing =
  '--property=ActiveState,SubState,Result,ExecMainStatus,FragmentPath,DropInPaths,NeedDaemonReload';

export const showStacks = (context: Showing, p: Params, { account }: Reached): Promise<void> =>
  show(context, ...p.stacks.map(({ unit }) => userctl(account, 'show', unit, standing)));

export const showStack = (context: Showing, p: Params, { account }: Reached): Promise<void> =>
  show(context, userctl(account, 'show', p.stacks[0].unit, standing));

export const showFailure = (context: Showing, p: Params, { account }: Reached): Promise<void> =>
  show(context, userctl(account, 'show', p.stacks[0].unit, standing), [
    'journalctl',
    '--no-pager',
    '--output=cat',
    '--lines=20',
    `_SYSTEMD_USER_UNIT=${p.stacks[0].unit}`,
  ]);

export const showStartTimes = (context: Showing, p: Params, { account }: Reached): Promise<void> => {
  const format = '--format={{.State.StartedAt}}';
  const of = (name: string) => asUser(account, 'podman', 'container', 'inspect', format, name);
  return show(context, ...p.stacks.map(({ container }) => of(container)));
};

export const showFile = (context: Showing, path: string): Promise<void> =>
  show(context, ['ls', '-l', '--', path]);

export const showUnit = (context: Showing, { account, autoUpdate }: Reached, unit: string): Promise<void> =>
  show(context, ctlOf(account, autoUpdate, 'show', unit, standing), [
    'journalctl',
    '--no-pager',
    '--output=cat',
    '--lines=20',
    `--unit=${unit}`,
  ]);
