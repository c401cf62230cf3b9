import { z } from 'migrate-runbook';

export type Argv = readonly [string, ...string[]];

export const account = z.object({
  name: z.string(),
  uid: z.number(),
  gid: z.number(),
  home: z.string(),
  /** How the user's manager is reached: as the user, by its socket; or through the system's own. */
  manager: z.enum(['own', 'machine']),
});
export type Account = z.output<typeof account>;

/** Which manager knows a unit; null where neither does. */
export const scope = z.enum(['system', 'user']).nullable();
export type Scope = z.output<typeof scope>;

/** A command as the user, with what its programs look for: no session is opened, and no password asked. */
export function asUser({ name, uid, gid, home }: Account, ...words: Argv): Argv {
  return [
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--init-groups',
    '--',
    'env',
    `HOME=${home}`,
    `USER=${name}`,
    `LOGNAME=${name}`,
    `XDG_RUNTIME_DIR=/run/user/${uid}`,
    // That of whoever is root now belongs to another bus.
    `DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/${uid}/bus`,
    ...words,
  ];
}

/** systemctl about the user's units. */
export function userctl(account: Account, ...words: readonly string[]): Argv {
  return account.manager === 'machine'
    ? ['systemctl', '--user', `--machine=${account.name}@.host`, ...words]
    : asUser(account, 'systemctl', '--user', ...words);
}

/** systemctl about a unit of either manager. */
export function ctlOf(account: Account, scope: Scope, ...words: readonly string[]): Argv {
  return scope === 'user' ? userctl(account, ...words) : ['systemctl', ...words];
}

/** A command as whoever owns the containers that a unit of that manager works on. */
export function asOwner(account: Account, scope: Scope, ...words: Argv): Argv {
  return scope === 'user' ? asUser(account, ...words) : words;
}
