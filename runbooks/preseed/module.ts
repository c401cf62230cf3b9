import { posix } from 'node:path';
import type { ModulePlace } from '../nixos-module/edits.ts';
import { execLine } from '../nixos-module/exec-line.ts';
import { nixString } from '../nixos-module/nix-string.ts';
import { flagOf } from '../restore-missing/places.ts';
import { preseedUnit, restoreParams, unitOf, type Params } from './params.ts';

/** Holds what is in `environment.systemPackages`, at every boot. */
export const systemProfile = '/run/current-system/sw';

/** Beside the host's file, one for each service, so that a rollback takes back no other's. */
export function modulePlace({ hostFile, importsText, service }: Params): ModulePlace {
  const moduleFile = hostFile.replace(/[^/]*$/, `preseed-${service}.nix`);
  return { moduleFile, modulesFile: hostFile, importsText };
}

/**
 * The unit before the service, which cannot start without it; backups that ask whether it is well; and what tells
 * of its failure. Lists of several modules are put together, so nothing of the service's own is lost.
 */
export function moduleText(p: Params): string {
  const unit = preseedUnit(p);
  const failed = `preseed-failed@${p.service}.service`;
  const json = JSON.stringify(inJson(restoreParams(p)), null, 2);
  const [migrate, state] = [p.program, stateFolder(p)];
  const restore = ['--no-input', 'run', 'restore-missing', '--params', `/etc/${fileOf(p)}`, '--or-resume'];
  const tell = [
    '--template',
    'preseed-failure',
    '--set',
    `serviceName=${p.service}`,
    '--set',
    `unit=${unit}`,
  ];
  const backups = p.backupUnits.map(
    (name) => `
  systemd.${kindOf(name)}.${nixString(stemOf(name))} = {
    # Not started by it: a backup must fail where its service's data is missing.
    unitConfig.Requisite = [ ${nixString(unit)} ];
    after = [ ${nixString(unit)} ];
    unitConfig.ConditionPathExists = ${nixString(`!${flagOf(restoreParams(p))}`)};
  };
`,
  );
  return `# Brings the data of ${p.service} back when it is missing, before its unit starts.
{ ... }:
{
  environment.etc.${nixString(fileOf(p))} = {
    text = ${nixString(`${json}\n`)};
    mode = "0400";
  };

  systemd.services.${nixString(stemOf(unit))} = {
    description = ${nixString(`Bring the data of ${p.service} back when it is missing`)};
    before = [ ${nixString(unitOf(p))} ];
    wants = [ "network-online.target" ];
    after = [ "zfs-import.target" "zfs-mount.service" "local-fs.target" "network-online.target" ];
    onFailure = [ ${nixString(failed)} ];
    # A rebuild must neither end a restore nor stop the service that depends on it.
    restartIfChanged = false;
    stopIfChanged = false;
    # A unit finds little by itself: neither restic nor zfs.
    path = [ ${nixString(systemProfile)} ];
    environment.RESTIC_CACHE_DIR = ${nixString(`/var/cache/migrate-preseed/${p.service}`)};
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      ExecStart = ${nixString(execLine([...migrate, '--state-dir', state, ...restore]))};
      # Above the restore's own limit, which ends it in order.
      TimeoutStartSec = ${secondsOf(restoreParams(p).limit) + 120};
      KillMode = "mixed";
      TimeoutStopSec = 90;
    };
  };

  systemd.services.${nixString(stemOf(failed))} = {
    description = ${nixString(`Tell that the data of ${p.service} could not be brought back`)};
    serviceConfig = {
      Type = "oneshot";
      ExecStart = ${nixString(execLine([...migrate, '--state-dir', state, 'notify', 'send', ...tell]))};
    };
  };

  systemd.services.${nixString(stemOf(unitOf(p)))} = {
    requires = [ ${nixString(unit)} ];
    after = [ ${nixString(unit)} ];
  };
${backups.join('')}}
`;
}

/** Where the unit's runs have their journals. */
function stateFolder({ service }: Params): string {
  return `/var/lib/migrate-preseed/${service}`;
}

/** Folders that come with the module, and do not go with it. */
export function foldersOf(p: Params): readonly string[] {
  return [posix.dirname(`/etc/${fileOf(p)}`), stateFolder(p)];
}

function fileOf({ service }: Params): string {
  return `migrate/preseed/${service}.json`;
}

function kindOf(unit: string): 'timers' | 'services' {
  return unit.endsWith('.timer') ? 'timers' : 'services';
}

function stemOf(unit: string): string {
  return unit.replace(/\.(service|timer)$/, '');
}

export function secondsOf(limit: string): number {
  const factor = { s: 1, m: 60, h: 3600 }[limit.slice(-1)] ?? 1;
  return Number(limit.slice(0, -1)) * factor;
}

/** References to secrets as they are typed. */
function inJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inJson);
  if (typeof value !== 'object' || value === null) return value;
  if ('secret' in value && 'name' in value) return `${String(value.secret)}:${String(value.name)}`;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inJson(one)]));
}
