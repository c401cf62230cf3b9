import type { Host } from '../../runbook/index.ts';

/** What is said of one path. */
export interface LookedAt {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'symlink' | 'other';
  readonly owner: string;
  readonly group: string;
  /** Octal, such as 0750. */
  readonly mode: string;
  readonly bytes: number;
  readonly empty: boolean;
}

const kinds: Readonly<Record<string, LookedAt['kind']>> = { f: 'file', d: 'folder', l: 'symlink' };
/** Below what one command may be given (`ARG_MAX`), with room for the environment. */
const atOnce = 500;
const line = (empty: string) => `${empty} %y %m %b %u %g %p\\0`;

/** Looks at paths themselves, not into them; what is not there is left out. */
export async function lookAt(
  host: Host,
  paths: readonly string[],
  options: { readonly depth?: 0 | 1; readonly files?: boolean } = {},
): Promise<readonly LookedAt[]> {
  const { depth = 0, files = false } = options;
  const found: LookedAt[] = [];
  for (let start = 0; start < paths.length; start += atOnce) {
    const some = paths.slice(start, start + atOnce);
    const only = files ? ['(', '-type', 'f', '-o', '-type', 'l', ')'] : [];
    const printed = ['(', '-empty', '-printf', line('e'), '-o', '-printf', line('-'), ')'];
    const range = ['-mindepth', String(depth), '-maxdepth', String(depth)];
    const argv = ['find', ...some, ...range, ...only, ...printed] as const;
    // 1: one of them is not there, or may not be read.
    const { stdout } = await host.exec({ argv, env: { LC_ALL: 'C' } }, { anyExit: true });
    found.push(...parseLookedAt(stdout));
  }
  return found;
}

export function parseLookedAt(text: string): readonly LookedAt[] {
  return text.split('\0').flatMap((record) => {
    const [, empty, kind = '', mode = '', blocks, owner = '', group = '', path = ''] =
      /^([e-]) (\S+) (\S+) (\d+) (\S+) (\S+) ([^]*)$/.exec(record) ?? [];
    if (path === '') return [];
    return [
      {
        path,
        kind: kinds[kind] ?? 'other',
        owner,
        group,
        mode: mode.padStart(4, '0'),
        // find counts in 512 bytes, whatever the file system does.
        bytes: Number(blocks) * 512,
        empty: empty === 'e',
      },
    ];
  });
}
