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
const stems = [baseBackupStem, watchStem];
export const timers = stems.map((stem) => `${stem}.timer`);
/** What the module brings besides its timers. */
export const services = stems.flatMap((stem) => [`${stem}.service`, `${stem}-failed.service`]);

export function excluded(p: Params): readonly string[] {
  return [`${p.dataFolder}/**`, `${p.walFolder}/**`];
}
