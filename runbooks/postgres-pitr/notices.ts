import { formatCommand } from 'migrate-runbook';
import { nixString } from '../nixos-module/nix-string.ts';
import type { Params } from './params.ts';
import { baseBackupStem, watchStem } from './places.ts';

/** Minutes for which nobody is told again that archiving fails: the watch looks every five. */
const quiet = 360;

/** The unit that tells of a unit's failure. */
export function failureUnit({ onFailure }: Params, stem: string): string {
  return onFailure?.replace('UNIT', stem) ?? `${stem}-failed.service`;
}

/** Units that call migrate, unless another tells. */
export function noticeUnits(p: Params): string {
  if (p.onFailure !== undefined) return '';
  const told = `/run/${watchStem}-told`;
  return [
    noticeUnit(baseBackupStem, notice(p, baseBackupStem, 'no base backup was made')),
    noticeUnit(
      watchStem,
      [
        `if [ -n "$(find ${told} -mmin -${quiet} 2>/dev/null)" ]; then exit 0; fi`,
        notice(p, watchStem, 'WAL is not archived, and fills the disk until it is'),
        `touch ${told}`,
      ].join('\n'),
    ),
  ].join('');
}

function noticeUnit(stem: string, script: string): string {
  return `
      systemd.services.${stem}-failed = {
        description = ${nixString(`Tell that ${stem} has failed`)};
        serviceConfig.Type = "oneshot";
        script = ${nixString(script)};
      };`;
}

function notice({ program }: Params, stem: string, what: string): string {
  const fields = [`unit=${stem}.service`, `errorMessage=${what}`].flatMap((field) => ['--set', field]);
  return formatCommand({ argv: [...program, 'notify', 'send', '--template', 'unit-failure', ...fields] });
}
