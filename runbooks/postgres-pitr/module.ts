import { formatCommand } from 'migrate-runbook';
import { archiveCommand, baseBackupOptions, type BarmanFlags } from 'migrate-runbook/operations';
import { failureUnit, noticeUnits } from './notices.ts';
import type { Params } from './params.ts';
import { nixString } from '../nixos-module/nix-string.ts';
import { archive, baseBackupStem, server, watchStem } from './places.ts';

/** The server's settings for archiving, as text. */
export function archiveSettings(p: Params, flags: BarmanFlags) {
  return {
    archive_mode: 'on',
    archive_command: archiveCommand(archive(p), flags),
    wal_level: 'replica',
    max_wal_senders: '3',
  };
}

/**
 * The NixOS module, to stand in a host's `imports`: in its text and not in a file of its own, since Nix
 * does not see a new file in a flake before git knows it.
 */
export function pitrModule(p: Params, flags: BarmanFlags): string {
  const settings = Object.entries(archiveSettings(p, flags)).map(
    ([name, value]) => `        ${name} = ${/^\d+$/.test(value) ? value : nixString(value)};`,
  );
  const unit = (name: string, description: string, script: string, calendar: string) => `
      systemd.services.${name} = {
        description = ${nixString(description)};
        after = [ ${nixString(p.unit)} ];
        onFailure = [ ${nixString(failureUnit(p, name))} ];
        environment = {
          AWS_SHARED_CREDENTIALS_FILE = ${nixString(p.credentials)};
          TZ = "UTC";
          PGTZ = "UTC";
        };
        serviceConfig = {
          Type = "oneshot";
          User = ${nixString(p.user)};
        };
        script = ${nixString(script)};
      };
      systemd.timers.${name} = {
        wantedBy = [ "timers.target" ];
        timerConfig = {
          OnCalendar = ${nixString(calendar)};
          Persistent = true;
        };
      };`;
  return `
    # point-in-time recovery: WAL and base backups of PostgreSQL go to ${p.destination}
    {${
      p.settingsBy === 'configuration'
        ? `
      services.postgresql.settings = {
${settings.join('\n')}
      };`
        : ''
    }${unit(baseBackupStem, 'PostgreSQL base backup', baseBackup(p, flags), p.schedule)}${unit(
      watchStem,
      'PostgreSQL archives its WAL',
      archiveWatch(p),
      '*:0/5',
    )}${noticeUnits(p)}
    }`;
}

function baseBackup(p: Params, flags: BarmanFlags): string {
  const { destination, name, endpoint, profile } = archive(p);
  const { socket, port, user } = server(p);
  return formatCommand({
    argv: [
      `${p.programs}/barman-cloud-backup`,
      ...baseBackupOptions(flags),
      ...(endpoint === undefined ? [] : ['--endpoint-url', endpoint]),
      ...(profile === undefined ? [] : ['--profile', profile]),
      ...['-h', socket, '-p', String(port), '-U', user, destination, name],
    ],
  });
}

/** Fails for as long as the latest attempt to archive has failed. */
function archiveWatch(p: Params): string {
  const { socket, port, user } = server(p);
  const query = `SELECT last_failed_wal FROM pg_stat_archiver WHERE last_failed_time > coalesce(last_archived_time, '-infinity')`;
  const ask = formatCommand({
    argv: [
      `${p.programs}/psql`,
      '-X',
      '-A',
      '-t',
      '--no-password',
      '-h',
      socket,
      '-p',
      String(port),
      '-U',
      user,
      '-d',
      'postgres',
      '-c',
      query,
    ],
  });
  return `failed=$(${ask})\nif [ -n "$failed" ]; then echo "archiving fails at $failed" >&2; exit 1; fi`;
}
