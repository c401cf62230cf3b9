import { z, type Host } from 'migrate-runbook';
import { earlyMounts, parseFstab, type FstabMount } from './fstab.ts';
import type { Login, LoginSecret } from './logins.ts';
import type { SopsFacts } from './sops-keys.ts';

/** What a built NixOS system says of what will be there when it has booted. */
export interface BuiltSystem {
  readonly mounts: readonly FstabMount[];
  /** Those that the initrd mounts: `neededForBoot`, or needed by every NixOS. */
  readonly early: readonly string[];
  /** `undefined` when it does not say which users it makes. */
  readonly users: readonly BuiltUser[] | undefined;
  /** Whether passwords that are set by hand count. */
  readonly mutableUsers: boolean;
  readonly sops: SopsFacts;
  /** By user, whether the configuration names keys. */
  readonly authorizedKeys: readonly string[];
}

export interface BuiltUser {
  readonly name: string;
  readonly home: string;
  readonly mayLogIn: boolean;
  readonly becomesRoot: boolean;
  readonly hashInConfiguration: boolean;
  readonly hashFile: string | undefined;
}

const usersGroups = z.looseObject({
  mutableUsers: z.boolean().default(true),
  users: z.array(
    z.looseObject({
      name: z.string(),
      uid: z.number().nullish(),
      home: z.string().nullish(),
      shell: z.string().nullish(),
      hashedPassword: z.string().nullish(),
      password: z.string().nullish(),
      initialHashedPassword: z.string().nullish(),
      initialPassword: z.string().nullish(),
      hashedPasswordFile: z.string().nullish(),
      // Its name before NixOS 23.11.
      passwordFile: z.string().nullish(),
    }),
  ),
  groups: z.array(z.looseObject({ name: z.string(), members: z.array(z.string()).default([]) })).default([]),
});
const sopsManifest = z.looseObject({
  secrets: z.array(z.unknown()).default([]),
  ageKeyFile: z.string().nullish(),
  ageSshKeyPaths: z.array(z.string()).nullish(),
});

/** Reads it from the files of the system in the store; nothing is evaluated. */
export async function readBuiltSystem(host: Host, system: string): Promise<BuiltSystem> {
  const activate = (await host.files.read(`${system}/activate`)) ?? '';
  const mounts = parseFstab((await host.files.read(`${system}/etc/fstab`)) ?? '');
  const spec = usersGroups.safeParse(await jsonIn(host, activate, /\S+-users-groups\.json/));
  const secrets = sopsManifest.safeParse(await jsonIn(host, activate, /\S+-manifest\.json/));
  return {
    mounts,
    early: earlyMounts(mounts),
    users: spec.success ? usersOf(spec.data) : undefined,
    mutableUsers: spec.success ? spec.data.mutableUsers : true,
    sops: secrets.success ? await sopsOf(host, secrets.data) : { used: false, keys: [] },
    authorizedKeys: (await host.files.list(`${system}/etc/ssh/authorized_keys.d`)) ?? [],
  };
}

function usersOf({ users, groups }: z.output<typeof usersGroups>): readonly BuiltUser[] {
  const wheel = groups.find(({ name }) => name === 'wheel')?.members ?? [];
  return users.map((user) => ({
    name: user.name,
    home: user.home ?? '/var/empty',
    mayLogIn: !/(nologin|false)$/.test(user.shell ?? 'nologin'),
    becomesRoot: user.uid === 0 || user.name === 'root' || wheel.includes(user.name),
    hashInConfiguration: [
      user.hashedPassword,
      user.password,
      user.initialHashedPassword,
      user.initialPassword,
    ].some((hash) => typeof hash === 'string' && isHash(hash)),
    hashFile: user.hashedPasswordFile ?? user.passwordFile ?? undefined,
  }));
}

/** A field of /etc/shadow, or of a configuration, that some password fits; `!` and `*` lock it. */
function isHash(text: string): boolean {
  return text !== '' && !/^[!*]/.test(text);
}

async function sopsOf(host: Host, manifest: z.output<typeof sopsManifest>): Promise<SopsFacts> {
  const paths = [...(manifest.ageKeyFile ? [manifest.ageKeyFile] : []), ...(manifest.ageSshKeyPaths ?? [])];
  const keys = [];
  for (const path of paths) keys.push({ path, there: (await host.files.stat(path)) !== undefined });
  return { used: manifest.secrets.length > 0, keys };
}

async function jsonIn(host: Host, script: string, name: RegExp): Promise<unknown> {
  const path = name.exec(script)?.[0].replaceAll(/^["']|["']$/g, '');
  if (path === undefined) return undefined;
  try {
    return JSON.parse((await host.files.read(path)) ?? '');
  } catch {
    return undefined;
  }
}

/**
 * Who may log in once the system has booted: by what its configuration says, and by what lies on this machine.
 *
 * @param shadow the text of /etc/shadow, where it may be read
 */
export async function readLogins(
  host: Host,
  built: BuiltSystem,
  shadow: string | undefined,
): Promise<readonly Login[]> {
  const hashed = new Set(
    (shadow ?? '').split('\n').flatMap((line) => {
      const [name = '', hash = ''] = line.split(':');
      return isHash(hash) ? [name] : [];
    }),
  );
  const logins: Login[] = [];
  for (const user of built.users ?? []) {
    if (!user.mayLogIn) continue;
    const secrets: LoginSecret[] = [];
    const inConfiguration = { configuration: true } as const;
    if (user.hashInConfiguration) secrets.push({ kind: 'password', at: inConfiguration });
    if (user.hashFile !== undefined) secrets.push({ kind: 'password-file', at: user.hashFile });
    if (secrets.length === 0 && built.mutableUsers && hashed.has(user.name)) {
      secrets.push({ kind: 'password', at: '/etc/shadow' });
    }
    if (built.authorizedKeys.includes(user.name)) secrets.push({ kind: 'key', at: inConfiguration });
    const keys = `${user.home}/.ssh/authorized_keys`;
    if ((await host.files.stat(keys)) !== undefined) secrets.push({ kind: 'key', at: keys });
    logins.push({ user: user.name, becomesRoot: user.becomesRoot, secrets });
  }
  return logins;
}
