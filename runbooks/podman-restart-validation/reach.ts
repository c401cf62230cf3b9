import { StepError, z, type Host } from 'migrate-runbook';
import { account, scope, userctl, type Account, type Scope } from './account.ts';
import { asking, readUnit, userUnit, type Ask } from './ask.ts';
import { homeManagerOf, type Params } from './params.ts';

export const reached = z.object({
  account,
  audit: scope,
  autoUpdate: scope,
  /** Whose containers auto-update works on: a unit of the system may do so as the user. */
  updates: scope,
  homeManager: z.boolean(),
  /** Why no file can be made in /etc/systemd/user; null where one can. */
  etcIsReadOnly: z.string().nullable(),
});
export type Reached = z.output<typeof reached>;

export const etcUnits = '/etc/systemd/user';

/**
 * Finds how the user's manager answers, and where the units are.
 * @throws StepError `user.unknown`, `user.unreachable`, `stack.not-found`
 */
export async function reach(host: Host, p: Params): Promise<Reached> {
  const ask = asking(host);
  const found = await accountOf(ask, p.user);
  for (const { unit } of p.stacks) {
    const { LoadState } = await userUnit(ask, found, unit);
    if (LoadState === 'loaded' || LoadState === 'bad-setting') continue;
    throw new StepError(
      'stack.not-found',
      `${p.user} has no unit ${unit}: it is ${LoadState}`,
      'Switch to a configuration that has the probes, or name other units with stacks.',
    );
  }
  const autoUpdate = await scopeOf(ask, found, p.autoUpdate);
  const runsAs = await ask(['systemctl', 'show', p.autoUpdate, '--property=User', '--value']);
  return {
    account: found,
    audit: await scopeOf(ask, found, p.audit),
    autoUpdate,
    updates: autoUpdate === 'system' && runsAs.stdout.trim() === p.user ? 'user' : autoUpdate,
    homeManager: (await scopeOf(ask, found, homeManagerOf(p))) === 'system',
    etcIsReadOnly: await whyReadOnly(host, p),
  };
}

async function accountOf(ask: Ask, user: string): Promise<Account> {
  const { stdout, exitCode } = await ask(['getent', 'passwd', user]);
  const [name = '', , uid, gid, , home = ''] = stdout.trim().split(':');
  if (exitCode !== 0 || name !== user) {
    throw new StepError('user.unknown', `there is no user ${user} here`, 'Name another one: --set user=…');
  }
  const of = (manager: Account['manager']): Account => ({
    name,
    uid: Number(uid),
    gid: Number(gid),
    home,
    manager,
  });
  const said: string[] = [];
  for (const manager of ['own', 'machine'] as const) {
    const { exitCode: answered, stderr } = await ask(userctl(of(manager), 'show', '--property=Version'));
    if (answered === 0) return of(manager);
    said.push(stderr.trim());
  }
  throw new StepError(
    'user.unreachable',
    `the user manager of ${user} does not answer: ${said.filter(Boolean).join('; ')}`,
    `Let it run without a login: loginctl enable-linger ${user}`,
  );
}

/** The system's first, since that is where both are meant to be. */
async function scopeOf(ask: Ask, of: Account, unit: string): Promise<Scope> {
  const system = await readUnit(ask, (...words) => ['systemctl', ...words], unit);
  if (system.LoadState === 'loaded') return 'system';
  return (await userUnit(ask, of, unit)).LoadState === 'loaded' ? 'user' : null;
}

/** On NixOS it is a link into the store, into which nobody may write, whether or not it is mounted so. */
async function whyReadOnly(host: Host, p: Params): Promise<string | null> {
  const real = await host.files.realPath(etcUnits);
  if (real === undefined) return `there is no ${etcUnits}`;
  if (real === p.store || real.startsWith(`${p.store}/`)) return `${etcUnits} leads to ${real}`;
  const { stdout } = await asking(host)(['findmnt', '--noheadings', '--output=OPTIONS', '--target', real]);
  const isReadOnly = stdout.trim().split(',').includes('ro');
  return isReadOnly ? `${etcUnits} is mounted read-only` : null;
}
