import { formatCommand } from 'migrate-runbook';
import { archiveCommand, baseBackupOptions, type BarmanFlags } from 'migrate-runbook/operations';
import type { Params } from './params.ts';
import { archive, server } from './places.ts';

/** The server's settings for archiving, as text. */
export function archiveSettings(p: Params, flags: BarmanFlags) {
  return {
    archive_mode: 'on',
    archive_command: archiveCommand(archive(p), flags),
    wal_level: 'replica',
    max_wal_senders: '3',
  };
}

/** A text in Nix. */
export function nixText(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('${', '\\${').replaceAll('\n', '\\n')}"`;
}

/**
 * The NixOS module, to stand in a host's `imports`: in its text and not in a file of its own, since Nix
 * does not see a new file in a flake before git knows it.
 */
export function pitrModule(p: Params, flags: BarmanFlags): string {
  const settings = Object.entries(archiveSettings(p, flags)).map(
    ([name, value]) => `        ${name} = ${/^\d+$/.test(value) ? value : nixText(value)};`,
  );
  const notified = p.onFailure === undefined ? '' : `\n        onFailure = [ ${nixText(p.onFailure)} ];`;
  const unit = (name: string, description: string, script: string, calendar: string) => `
      systemd.services.${name} = {
        description = ${nixText(description)};
        after = [ ${nixText(p.unit)} ];${notified}
        environment = {
          AWS_SHARED_CREDENTIALS_FILE = ${nixText(p.credentials)};
          TZ = "UTC";
          PGTZ = "UTC";
        };
        serviceConfig = {
          Type = "oneshot";
          User = ${nixText(p.user)};
        };
        script = ${nixText(script)};
      };
      systemd.timers.${name} = {
        wantedBy = [ "timers.target" ];
        timerConfig = {
          OnCalendar = ${nixText(calendar)};
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
    }${unit('postgres-base-backup', 'PostgreSQL base backup', baseBackup(p, flags), p.schedule)}${unit(
      'postgres-archive-watch',
      'PostgreSQL archives its WAL',
      archiveWatch(p),
      '*:0/5',
    )}
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
