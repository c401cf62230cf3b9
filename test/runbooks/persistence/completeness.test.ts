import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cassieBox } from '../../../runbooks/persistence/cassie-box.ts';
import {
  completenessVerdict,
  judgeCompleteness,
  type PersistenceFacts,
} from '../../../runbooks/persistence/completeness.ts';
import { fateOf } from '../../../runbooks/persistence/declarations.ts';
import { emberroot, homePersistence, systemPersistence } from '../../../runbooks/persistence/emberroot.ts';
import { persistenceInventory, type PersistenceEntry } from '../../../runbooks/persistence/entry.ts';
import { inventories } from '../../../runbooks/persistence/hosts.ts';

const sound: PersistenceFacts = {
  present: [
    { path: '/etc/machine-id', bytes: 33 },
    { path: '/etc/ssh/ssh_host_ed25519_key', bytes: 400 },
    { path: '/var/lib/nixos', bytes: 2_000 },
    { path: '/var/lib/containers', bytes: 9_000_000 },
    { path: '/var/log', bytes: 70_000 },
    { path: '/home/ann', bytes: 5_000_000 },
  ],
  homes: { root: '/root', ann: '/home/ann' },
  kept: ['/nix', '/persist', '/boot'],
  early: ['/nix', '/persist'],
  logins: [
    { user: 'root', becomesRoot: true, secrets: [] },
    {
      user: 'ann',
      becomesRoot: true,
      secrets: [{ kind: 'password-file', at: '/persist/passwords/ann' }],
    },
  ],
  sops: { used: true, keys: [{ path: '/persist/etc/ssh/ssh_host_ed25519_key', there: true }] },
};

function verdictOf(id: string, declarations: Parameters<typeof judgeCompleteness>[0], facts = sound) {
  return judgeCompleteness(declarations, facts).find((finding) => finding.id === id);
}

const directory = (path: string): PersistenceEntry => ({
  path,
  kind: 'directory',
  need: 'required',
  purpose: 'test',
});

test('a machine whose critical paths are declared, with a login and its keys, is complete', () => {
  const findings = judgeCompleteness(cassieBox, sound);
  expect(findings.filter(({ verdict }) => verdict !== 'PASS')).toEqual([]);
  expect(completenessVerdict(findings)).toBe('PASS');
});

test.each([
  ['ssh-host-keys', '/etc/ssh/ssh_host_ed25519_key'],
  ['machine-id', '/etc/machine-id'],
  ['uid-maps', '/var/lib/nixos'],
  ['containers', '/var/lib/containers'],
  ['homes', '/home'],
])('%s is missing, and so it fails, when %s is not declared', (id, path) => {
  const declarations = { ...cassieBox, system: cassieBox.system.filter((entry) => entry.path !== path) };
  expect(verdictOf(id, declarations)).toMatchObject({ verdict: 'FAIL' });
  expect(completenessVerdict(judgeCompleteness(declarations, sound))).toBe('FAIL');
});

test('lost logs are told, and stop nothing', () => {
  const declarations = { ...cassieBox, system: cassieBox.system.filter(({ path }) => path !== '/var/log') };
  expect(verdictOf('logs', declarations)).toMatchObject({ verdict: 'PARTIAL' });
});

test('a service that nobody has declared fails, until somebody says that it may go', () => {
  const facts = { ...sound, present: [...sound.present, { path: '/var/lib/plex', bytes: 7 }] };
  expect(verdictOf('services', cassieBox, facts)).toMatchObject({
    verdict: 'FAIL',
    missing: [{ path: '/var/lib/plex', need: 'critical', bytes: 7 }],
  });
  const expendable = { ...cassieBox, expendable: ['/var/lib/plex'] };
  expect(verdictOf('services', expendable, facts)).toMatchObject({ verdict: 'PASS' });
});

test('a service of which only a part is declared fails, and so does a machine ID that it does not have yet', () => {
  const facts = { ...sound, present: [{ path: '/var/lib/plex' }] };
  const declarations = { ...cassieBox, system: [directory('/var/lib/plex/Preferences')] };
  expect(verdictOf('services', declarations, facts)?.missing).toEqual([
    { path: '/var/lib/plex', need: 'critical', why: 'only a part of it is declared', bytes: undefined },
  ]);
  expect(verdictOf('machine-id', declarations, facts)).toMatchObject({ verdict: 'FAIL' });
});

test('a home of which parts are declared by name is a choice, which is told', () => {
  const declarations = {
    ...cassieBox,
    system: cassieBox.system.filter(({ path }) => path !== '/home'),
    homes: [{ user: 'ann', entries: [directory('Documents')] }],
  };
  expect(verdictOf('homes', declarations)).toMatchObject({ verdict: 'PARTIAL' });
});

describe('a login', () => {
  const only = (logins: PersistenceFacts['logins'], kept = sound.kept) =>
    verdictOf('login', { ...cassieBox, system: cassieBox.system }, { ...sound, logins, kept })?.verdict;

  test('does not survive in /etc/shadow', () => {
    const logins = [
      { user: 'root', becomesRoot: true, secrets: [{ kind: 'password', at: '/etc/shadow' }] },
    ] as const;
    expect(only(logins)).toBe('FAIL');
  });

  test('survives in the configuration, and by keys in a home that is persisted', () => {
    const hash = { kind: 'password', at: { configuration: true } } as const;
    const key = { kind: 'key', at: '/home/ann/.ssh/authorized_keys' } as const;
    expect(only([{ user: 'ann', becomesRoot: true, secrets: [hash] }])).toBe('PASS');
    expect(only([{ user: 'ann', becomesRoot: true, secrets: [key] }])).toBe('PASS');
  });

  test('counts only for one who may become root', () => {
    const hash = { kind: 'password', at: { configuration: true } } as const;
    expect(only([{ user: 'ann', becomesRoot: false, secrets: [hash] }])).toBe('FAIL');
    expect(only([])).toBe('FAIL');
  });

  test('by the hash in a file fails where that is mounted too late for the activation', () => {
    const file = { kind: 'password-file', at: '/srv/late/ann' } as const;
    const logins = [{ user: 'ann', becomesRoot: true, secrets: [file] }];
    expect(only(logins, [...sound.kept, '/srv/late'])).toBe('FAIL');
  });
});

describe("the key of sops's secrets", () => {
  const by = (path: string, there = true) =>
    verdictOf('sops-keys', cassieBox, { ...sound, sops: { used: true, keys: [{ path, there }] } });

  test('fails in a home, although the home is persisted', () => {
    expect(by('/home/ann/.config/sops/age/keys.txt')).toMatchObject({
      verdict: 'FAIL',
      observed: expect.stringContaining('lies in a home') as string,
    });
  });

  test('fails at its usual place, to which it is bound only later', () => {
    expect(by('/etc/ssh/ssh_host_ed25519_key')?.observed).toContain('name it beneath /persist');
  });

  test('fails when it is not there', () => {
    expect(by('/persist/key', false)).toMatchObject({ verdict: 'FAIL' });
  });

  test('is asked for only where there are secrets', () => {
    const facts = { ...sound, sops: { used: false, keys: [] } };
    expect(verdictOf('sops-keys', cassieBox, facts)).toMatchObject({ verdict: 'PASS' });
  });
});

describe('the inventories', () => {
  test.each(Object.entries(inventories))('%s fits the schema, and names no path twice', (name, inventory) => {
    expect(persistenceInventory.parse(inventory)).toEqual(inventory);
    expect(inventory.host).toBe(name);
    for (const entries of [inventory.system, ...inventory.homes.map((home) => home.entries)]) {
      const paths = entries.map(({ path }) => path);
      expect(new Set(paths).size).toBe(paths.length);
    }
  });

  test("emberroot's holds what only its tables or only its module named", () => {
    const paths = [...systemPersistence, ...homePersistence].map(({ path }) => path);
    const either = [
      '/etc/ssh/ssh_host_ed25519_key',
      '/etc/ssh/ssh_host_rsa_key',
      '/etc/adjtime',
      '/var/lib/systemd/coredump',
      '.config/git',
      '.config/spotify',
      '.local/state',
      '.config/monitors.xml',
      '.config/Bitwarden',
    ];
    expect(either.filter((path) => !paths.includes(path))).toEqual([]);
    expect([systemPersistence.length, homePersistence.length]).toEqual([15, 48]);
  });

  test("emberroot's fails by itself, since nobody could log in after a boot", () => {
    const logins = [
      { user: 'root', becomesRoot: true, secrets: [{ kind: 'password', at: '/etc/shadow' } as const] },
    ];
    expect(verdictOf('login', emberroot, { ...sound, logins })).toMatchObject({ verdict: 'FAIL' });
  });
});

const name = fc.stringMatching(/^[a-z]{1,3}$/);
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`);

test('a path is kept exactly when itself or a folder above it is declared or kept', () => {
  fc.assert(
    fc.property(
      path,
      fc.array(path, { maxLength: 4 }),
      fc.array(path, { maxLength: 2 }),
      (one, declared, kept) => {
        const above = (folder: string) => `${one}/`.startsWith(`${folder}/`);
        const fate = fateOf(one, declared.map(directory), kept);
        expect(fate === 'kept').toBe([...declared, ...kept].some(above));
        if (fate === 'in part') expect(declared.some((each) => each.startsWith(`${one}/`))).toBe(true);
      },
    ),
  );
});

test('no finding changes for the worse when more is declared', () => {
  const rank = { PASS: 0, PARTIAL: 1, BLOCKED: 2, FAIL: 3 };
  const present = fc
    .array(name, { maxLength: 5 })
    .map((names) => names.map((each) => ({ path: `/var/lib/${each}` })));
  fc.assert(
    fc.property(present, fc.array(name), fc.array(name), (there, some, more) => {
      const facts = { ...sound, present: there };
      const entries = (names: readonly string[]) => names.map((each) => directory(`/var/lib/${each}`));
      const worst = (names: readonly string[]) =>
        rank[verdictOf('services', { system: entries(names), homes: [] }, facts)?.verdict ?? 'FAIL'];
      expect(worst([...some, ...more])).toBeLessThanOrEqual(worst(some));
    }),
  );
});
