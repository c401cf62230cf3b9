import { StepError, type Finding, type Host } from 'migrate-runbook';

const properties = [
  'LoadState',
  'UnitFileState',
  'ActiveState',
  'SubState',
  'Result',
  'Type',
  'RemainAfterExit',
  'NeedDaemonReload',
  'FragmentPath',
  'Environment',
  'ExecStartPre',
  'ExecStart',
] as const;

export type UnitProperties = Readonly<Record<(typeof properties)[number], string>>;

/**
 * What systemd says of a unit, under systemd's names.
 * @throws StepError `units.no-systemd` when systemd does not answer
 */
export async function propertiesOf(host: Host, unit: string): Promise<UnitProperties> {
  const argv = ['systemctl', 'show', `--property=${properties.join(',')}`, '--', unit] as const;
  const { stdout, stderr, exitCode } = await host.exec({ argv }, { anyExit: true });
  const found = new Map(
    stdout.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  if (exitCode === 0 && found.has('ActiveState')) {
    return Object.fromEntries(properties.map((name) => [name, found.get(name) ?? ''])) as UnitProperties;
  }
  throw new StepError(
    'units.no-systemd',
    `systemctl does not answer for ${unit} (exit ${exitCode}): ${stderr.trim()}`,
    'These checks need a machine that systemd runs, and root.',
  );
}

/** Whether the unit is there, starts at boot, has done its work, and is the one on the disk. */
export function judgeUnit(unit: string, is: UnitProperties): Finding {
  const wrong = [
    is.LoadState === 'loaded' ? '' : `it is ${is.LoadState}`,
    ['enabled', 'static', 'generated', 'linked', 'alias'].includes(is.UnitFileState)
      ? ''
      : `it does not start at boot (${is.UnitFileState || 'no unit file'})`,
    is.ActiveState === 'active' || (is.ActiveState === 'inactive' && is.Type === 'oneshot')
      ? ''
      : `it is ${is.ActiveState} (${is.SubState})`,
    is.Result === 'success' ? '' : `its last run ended with ${is.Result}`,
  ].filter(Boolean);
  const evidence = { ...is };
  if (wrong.length > 0) return { verdict: 'FAIL', observed: `${unit}: ${wrong.join('; ')}`, evidence };
  if (is.NeedDaemonReload === 'yes') {
    const observed = `${unit}: the unit on the disk is not the one that runs; systemctl daemon-reload makes it so`;
    return { verdict: 'PARTIAL', observed, evidence };
  }
  return {
    verdict: 'PASS',
    observed: `${unit} is ${is.ActiveState} (${is.SubState}), ${is.Result}`,
    evidence,
  };
}

/**
 * The commands by which a unit mounts: those before its main process, and that itself where it ends when the work
 * is done. `systemctl show` gives each as `{ path=… ; argv[]=… ; ignore_errors=… ; … }`.
 */
export function mountCommands(is: UnitProperties): readonly (readonly string[])[] {
  const lists = is.Type === 'oneshot' ? [is.ExecStartPre, is.ExecStart] : [is.ExecStartPre];
  return lists.flatMap((list) =>
    [...list.matchAll(/argv\[\]=(.*?) ;/g)].map(([, words = '']) =>
      words
        .trim()
        .replace(/^[-+!@:]+/, '')
        .split(/\s+/),
    ),
  );
}

/** The environment of a unit's commands, as words for `env`; those with blanks are left out. */
export function environmentOf(is: UnitProperties): readonly string[] {
  return is.Environment.split(/\s+/).filter((word) => /^\w+=[^"']*$/.test(word));
}
