import type { Params } from './params.ts';

export function server(p: Params) {
  return { user: p.user, socket: p.socket, port: p.port };
}

export function archive(p: Params) {
  return {
    destination: p.destination,
    name: p.serverName,
    credentials: p.credentials,
    programs: p.programs,
    user: p.user,
    ...(p.profile === undefined ? {} : { profile: p.profile }),
    ...(p.endpoint === undefined ? {} : { endpoint: p.endpoint }),
  };
}

export const baseBackupStem = 'postgres-base-backup';
/** Fails for as long as archiving fails. */
export const watchStem = 'postgres-archive-watch';
export const timers = [`${baseBackupStem}.timer`, `${watchStem}.timer`];

export function excluded(p: Params): readonly string[] {
  return [`${p.dataFolder}/**`, `${p.walFolder}/**`];
}
