import type { Finding, Host } from 'migrate-runbook';
import { ctlOf, type Account, type Scope } from './account.ts';
import { pathsIn, readUnit, userUnit, type Ask, type UnitState } from './ask.ts';
import { homeManagerOf, timerOf, unitPath, type Params } from './params.ts';

type States = Readonly<Record<string, UnitState>>;

export async function readStacks(ask: Ask, account: Account, p: Params): Promise<States> {
  const states: Record<string, UnitState> = {};
  for (const { unit } of p.stacks) states[unit] = await userUnit(ask, account, unit);
  return states;
}

/** One sentence of each unit that is not as it should be; none is a PASS. */
function allAre(
  states: States,
  observed: string,
  wrong: (state: UnitState, unit: string) => string | undefined,
): Finding {
  const faults = Object.entries(states).flatMap(([unit, state]) => {
    const fault = wrong(state, unit);
    return fault === undefined ? [] : [`${unit}: ${fault}`];
  });
  return faults.length === 0
    ? { verdict: 'PASS', observed }
    : { verdict: 'FAIL', observed: faults.join('; ') };
}

export function wrapperStarts(states: States, wrapper: string): Finding {
  return allAre(states, `each calls ${wrapper}`, ({ ExecStart }) =>
    ExecStart.includes(wrapper) ? undefined : `its ExecStart is ${ExecStart.trim() || 'empty'}`,
  );
}

export function neverRestarted(states: States): Finding {
  return allAre(states, 'Restart=no in each', ({ Restart }) =>
    Restart === 'no' ? undefined : `Restart=${Restart}`,
  );
}

/** That each unit is what Home Manager has put there, and nothing else has a word in it. */
export async function ownedByHome(host: Host, states: States, account: Account, p: Params): Promise<Finding> {
  const managed = async (path: string) => {
    const real = await host.files.realPath(path);
    return real?.startsWith(`${p.store}/`) === true
      ? undefined
      : `${path} ${real === path ? 'is a file of its own' : `leads to ${real ?? 'nothing'}`}`;
  };
  const faults = new Map<string, string>();
  for (const [unit, { FragmentPath, DropInPaths }] of Object.entries(states)) {
    const own = FragmentPath === unitPath(account.home, unit) || FragmentPath.startsWith(`${p.store}/`);
    const fault = own ? await managed(FragmentPath) : `its FragmentPath is ${FragmentPath || 'empty'}`;
    const strange = (await Promise.all(pathsIn(DropInPaths).map(managed))).filter((one) => one !== undefined);
    const all = [fault, ...strange].filter((one) => one !== undefined);
    if (all.length > 0) faults.set(unit, all.join(', '));
  }
  return allAre(
    states,
    `each is a link of Home Manager into ${p.store}, without foreign drop-ins`,
    (_, unit) => faults.get(unit),
  );
}

/** By the activation that is in force, not by what a file of the configuration says. */
export async function switchesUnits(ask: Ask, host: Host, p: Params): Promise<Finding> {
  const unit = homeManagerOf(p);
  const { ExecStart } = await readUnit(ask, (...words) => ['systemctl', ...words], unit);
  const generations = [...ExecStart.matchAll(/\/[^\s;"'=]+-home-manager-generation/g)].map(([path]) => path);
  for (const generation of new Set(generations)) {
    const script = await host.files.read(`${generation}/activate`);
    if (script === undefined) continue;
    const name = `${generation}/activate`;
    return /\/sd-switch(\s|"|'|$)/m.test(script)
      ? { verdict: 'PASS', observed: `${name} calls sd-switch` }
      : {
          verdict: 'FAIL',
          observed: `${name} calls no sd-switch: systemd.user.startServices is something else`,
        };
  }
  return {
    verdict: 'BLOCKED',
    observed: `the ExecStart of ${unit} names no generation of Home Manager that is there`,
    unblock: `Name the unit that activates the user's Home Manager: --set homeManager=…`,
  };
}

export async function auditRuns(ask: Ask, account: Account, scope: Scope, p: Params): Promise<Finding> {
  const timer = timerOf(p.audit);
  if (scope === null) return { verdict: 'FAIL', observed: `there is no ${p.audit}` };
  const state = await readUnit(ask, (...words) => ctlOf(account, scope, ...words), timer);
  const { LoadState, ActiveState } = state;
  if (LoadState !== 'loaded') return { verdict: 'FAIL', observed: `${timer} is ${LoadState}` };
  return ActiveState === 'active'
    ? { verdict: 'PASS', observed: `${p.audit} is there, and ${timer} is active` }
    : { verdict: 'FAIL', observed: `${timer} is ${ActiveState}, so ${p.audit} is started by nobody` };
}
