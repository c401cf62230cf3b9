import type { RehearsalPlan } from 'migrate-runbook';
import type { Service } from '../catalogue.ts';
import { jobEdits, pointEdits } from '../configuration.ts';
import type { Kind } from '../kind.ts';
import { mountPointOf, substitute, targetOf } from '../place.ts';
import { rehearsalOf } from '../rehearsal.ts';
import { backParams } from './params.ts';

const forge = 'tank/persist';

/** The world of a service's move, in which it has moved already: by its first boot, and its configuration. */
export function backRehearsalOf(service: Service, own: Kind): { readonly rehearsal?: RehearsalPlan } {
  const { rehearsal } = rehearsalOf(service);
  if (rehearsal?.params === undefined) return {};
  const { shape } = backParams(service);
  const params = Object.fromEntries(Object.entries(rehearsal.params).filter(([name]) => name in shape));
  const p = backParams(service).parse(params);
  const datasets = service.datasets.map(({ name, properties }) => ({
    name,
    dataset: `${forge}/${name}`,
    mountPoint: mountPointOf(name, p),
    properties: substitute(properties, new Set(Object.keys(properties)), p.substitute).properties,
  }));
  const place = { parent: forge, pool: 'tank', machine: 'forge', datasets, substituted: [] };
  const edits = [...pointEdits(service, p, place), ...jobEdits(service, p)];
  const file = `${p.flake}/${p.serviceFile}`;
  const moved = edits.reduce(
    (text, { from, to }) => text.replace(from, () => to),
    configurationBefore(service, p.source),
  );
  return {
    rehearsal: {
      ...rehearsal,
      params,
      files: {
        ...rehearsal.files,
        [file]: moved,
        [file.replace(/default\.nix$/, 'moved.nix')]: movedAtFirstBoot(service, own, p),
      },
    },
  };
}

/** A service's module, as the worlds have it, before its move. */
function configurationBefore(
  { service, units: [unit = ''], owner, backup }: Service,
  source: string,
): string {
  const name = unit.replace(/\.service$/, '');
  const mode = service === 'postgres' ? '0700' : '0755';
  const list = (words: readonly string[]) => words.map((word) => `"${word}"`).join(' ');
  return `{ config, lib, pkgs, ... }:
{
  imports = [ ./moved.nix ];

  config = {
    services.${name}.dataDir = "${source}";

    systemd.tmpfiles.rules = [
      "d ${source} ${mode} ${owner?.user} ${owner?.group} - -"
    ];

    modules.backup.restic.jobs.${name} = {
      enable = true;
      paths = [ "${source}" ];
      excludePatterns = [ ${list(backup.excludes)} ];
      repository = "nas-primary";
      tags = [ ${list(backup.tags)} ];
    };
  };
}
`;
}

/** The sample data lies in the old folder; once, before the service starts, it goes to where a move would have put it. */
function movedAtFirstBoot(
  service: Service,
  { returns = [] }: Kind,
  p: { readonly source: string; readonly mount: string },
): string {
  const target = targetOf(service, p);
  const further = returns.map(({ dataset, into }) => {
    const place = mountPointOf(dataset, p);
    return `      cp -a ${target}/${into}/. ${place}/
      chown --reference=${target} ${place}
      chmod --reference=${target} ${place}
      rm -r ${target}/${into}
      ln -s ${place} ${target}/${into}`;
  });
  const [unit = ''] = service.units;
  return `{ ... }:
{
  config.systemd.services.has-moved = {
    description = "What a move has done before this world begins";
    requires = [ "zfs-service-datasets.service" ];
    after = [ "zfs-service-datasets.service" ];
    before = [ "${unit}" ];
    requiredBy = [ "${unit}" ];
    serviceConfig.Type = "oneshot";
    serviceConfig.RemainAfterExit = true;
    script = ''
      # Asked here and not by a condition, since it is up each time that its service starts.
      [ ! -e /var/lib/has-moved ] || exit 0
      cp -a ${p.source}/. ${target}/
      chown --reference=${p.source} ${target}
      chmod --reference=${p.source} ${target}
${further.join('\n')}
      rm -r ${p.source}
      touch /var/lib/has-moved
      sync
    '';
  };
}
`;
}
