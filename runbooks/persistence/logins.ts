import type { CompletenessFinding } from './finding.ts';
import { liesIn, type Fate } from './declarations.ts';

/** One way in. */
export interface LoginSecret {
  /** `password-file`: read by the activation that makes users, before homes are mounted. */
  readonly kind: 'password' | 'password-file' | 'key';
  /** A path; or in the configuration, and so in the store. */
  readonly at: string | { readonly configuration: true };
}

/** A user who may log in, and by what. */
export interface Login {
  readonly user: string;
  /** root itself, or a member of a group that may become root. */
  readonly becomesRoot: boolean;
  readonly secrets: readonly LoginSecret[];
}

/** Whether after a boot with an empty root anybody can log in who can mend what is wrong. */
export function judgeLogins(
  logins: readonly Login[] | undefined,
  { fate, early }: { readonly fate: (path: string) => Fate; readonly early: readonly string[] },
): CompletenessFinding {
  const titled = { id: 'login', title: 'A login that survives' };
  if (logins === undefined) {
    const observed = 'who may log in cannot be found out here: run this as root';
    return { ...titled, verdict: 'BLOCKED', observed, missing: [] };
  }
  const survives = ({ kind, at }: LoginSecret): boolean => {
    if (typeof at !== 'string') return true;
    return kind === 'password-file' ? early.some((point) => liesIn(at, point)) : fate(at) === 'kept';
  };
  const ways = logins.flatMap(({ user, becomesRoot, secrets }) =>
    secrets.filter(survives).map((secret) => ({ user, becomesRoot, secret })),
  );
  const mighty = ways.filter(({ becomesRoot }) => becomesRoot);
  const shown = (of: typeof ways) =>
    of.map(({ user, secret }) => `${user} by ${words[secret.kind]} ${placeOf(secret)}`).join('; ');
  if (mighty.length > 0) return { ...titled, verdict: 'PASS', observed: shown(mighty), missing: [] };
  if (ways.length > 0) {
    const observed = `${shown(ways)}; but nobody of them can become root`;
    return { ...titled, verdict: 'FAIL', observed, missing: [] };
  }
  const lost = logins.flatMap(({ user, secrets }) =>
    secrets.map((secret) => `${words[secret.kind]} of ${user} ${placeOf(secret)}`),
  );
  return {
    ...titled,
    verdict: 'FAIL',
    observed:
      lost.length === 0
        ? 'nobody has a password or a key'
        : `with the root file system goes: ${lost.join('; ')}; set users.users.NAME.hashedPassword, a hashedPasswordFile on a file system that is needed for boot, or openssh.authorizedKeys.keys`,
    missing: [],
  };
}

const words = { password: 'the password', 'password-file': 'the password', key: 'the key' } as const;

function placeOf({ at }: LoginSecret): string {
  return typeof at === 'string' ? `in ${at}` : 'in the configuration';
}
