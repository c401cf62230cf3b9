import type { Host } from '../../runbook/index.ts';

export interface Home {
  readonly user: string;
  readonly path: string;
}

/** Homes by the database of users, wherever they lie; not those of programs, which have none of their own. */
export async function findHomes(host: Host): Promise<readonly Home[]> {
  const asked = await host.exec({ argv: ['getent', 'passwd'] }, { anyExit: true }).catch(() => undefined);
  const text = asked?.exitCode === 0 ? asked.stdout : await host.files.read('/etc/passwd');
  return parseHomes(text ?? '');
}

/** @param passwd lines as in /etc/passwd */
export function parseHomes(passwd: string): readonly Home[] {
  return passwd.split('\n').flatMap((line) => {
    const [user = '', , id = '', , , path = '', shell = ''] = line.split(':');
    const isPerson = id === '0' || (Number(id) >= 1000 && Number(id) < 60_000);
    if (user === '' || !isPerson || !path.startsWith('/') || path === '/' || noHome.test(path)) return [];
    return /(nologin|false)$/.test(shell) && !path.startsWith('/home/') ? [] : [{ user, path }];
  });
}

const noHome = /^\/(var\/empty|nonexistent|dev\/null|proc|run)(\/|$)/;
