import type { CompletenessFinding } from './finding.ts';
import { liesIn, type DeclaredPath } from './declarations.ts';

/** How sops-nix gets at the machine's secrets, when it is activated. */
export interface SopsFacts {
  /** Whether the machine has such secrets. */
  readonly used: boolean;
  /** The private keys that it is told of: `sops.age.keyFile`, `sops.age.sshKeyPaths`. */
  readonly keys: readonly SopsKey[];
}

export interface SopsKey {
  readonly path: string;
  /** Whether the file is there now; left out when nobody can tell. */
  readonly there?: boolean;
}

/**
 * Whether a key can be read while the system is activated. By then only what the initrd has mounted is there:
 * neither homes, nor what is bound from the persistent file system to its place.
 */
export function judgeSops(
  { used, keys }: SopsFacts,
  places: {
    readonly declared: readonly DeclaredPath[];
    readonly early: readonly string[];
    readonly homes: readonly string[];
  },
): CompletenessFinding {
  const titled = { id: 'sops-keys', title: 'Keys of secrets, before homes are mounted', missing: [] };
  if (!used) return { ...titled, verdict: 'PASS', observed: 'no secrets of sops' };
  if (keys.length === 0) {
    return { ...titled, verdict: 'FAIL', observed: 'there are secrets of sops, and no key is configured' };
  }
  const inTime = keys.filter(
    ({ path, there }) => there !== false && places.early.some((point) => liesIn(path, point)),
  );
  if (inTime.length > 0) {
    return { ...titled, verdict: 'PASS', observed: inTime.map(({ path }) => path).join(', ') };
  }
  return {
    ...titled,
    verdict: 'FAIL',
    observed: keys.map((key) => `${key.path} ${whyNot(key, places)}`).join('; '),
  };
}

function whyNot(
  { path, there }: SopsKey,
  { declared, early, homes }: Parameters<typeof judgeSops>[1],
): string {
  if (there === false) return 'is not there';
  if (homes.some((home) => liesIn(path, home)) || liesIn(path, '/home')) {
    return 'lies in a home, which is mounted after secrets are read';
  }
  if (declared.some((entry) => liesIn(path, entry.path))) {
    const place = early.find((point) => point !== '/nix') ?? '/persist';
    return `is bound to its place after secrets are read: name it beneath ${place}`;
  }
  return 'goes with the root file system';
}
