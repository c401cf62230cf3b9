import { execLine } from '../nixos-module/exec-line.ts';
import { nixString } from '../nixos-module/nix-string.ts';
import type { Params } from './params.ts';

/** Measures the lag, and tells when it is too long; see `replication-lag`. */
export const lagUnit = 'migrate-replication-lag.service';

type Failure = 'sanoid-failure' | 'syncoid-failure';

/** The unit that tells of a unit's failure. */
export function notifyUnit({ notify }: Params, template: Failure, unit: string): string {
  const own = notify ?? `migrate-TEMPLATE.service`;
  return own.replace('TEMPLATE', template).replace('UNIT', unit.replace(/\.service$/, ''));
}

/** Units as attributes of the host: of the lag, and of failures where nobody else's tell of them. */
export function noticeUnits(p: Params): string {
  const failures: readonly (readonly [Failure, string])[] = [
    ['sanoid-failure', p.sanoidUnit],
    ['syncoid-failure', p.syncoidUnit],
  ];
  const told = p.notify === undefined ? failures.map((failure) => failureUnit(p, ...failure)) : [];
  return [...told, lag(p)].join('');
}

function failureUnit(p: Params, template: Failure, unit: string): string {
  const fields = [`dataset=${p.source}`, `unit=${unit}`].flatMap((field) => ['--set', field]);
  return `  systemd.services.migrate-${template} = {
    description = ${nixString(`Tell that ${unit} has failed`)};
    serviceConfig = {
      Type = "oneshot";
      ExecStart = ${nixString(execLine([...p.program, 'notify', 'send', '--template', template, ...fields]))};
    };
  };
`;
}

/** Four times a day, so that whoever is told has time to do something about it. */
function lag(p: Params): string {
  const place = [`source=${p.source}`, `destination=${p.destination}`].flatMap((each) => ['--set', each]);
  const name = lagUnit.replace('.service', '');
  return `  systemd.services.${name} = {
    description = "Tell when the replica is far behind";
    onFailure = [ "${notifyUnit(p, 'syncoid-failure', p.syncoidUnit)}" ];
    serviceConfig = {
      Type = "oneshot";
      ExecStart = ${nixString(execLine([...p.program, '--no-input', 'run', 'replication-lag', ...place]))};
    };
  };
  systemd.timers.${name} = {
    wantedBy = [ "timers.target" ];
    timerConfig = {
      OnCalendar = "00/6:30";
      Persistent = true;
    };
  };
`;
}
