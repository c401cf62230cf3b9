import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backCommand } from '../../runbooks/services/back/command.ts';
import { serviceBackRunbook } from '../../runbooks/services/back/runbook.ts';
import { serviceOf, type ServiceEntry } from '../../runbooks/services/catalogue.ts';
import { backEdits, jobEdits, pointEdits } from '../../runbooks/services/configuration.ts';
import { entries } from '../../runbooks/services/entries.ts';
import { serviceRunbook } from '../../runbooks/services/factory.ts';
import { detectParent, hosts, parents } from '../../runbooks/services/hosts.ts';
import { serviceParams, type ServiceParams } from '../../runbooks/services/params.ts';
import { datasetsClaimed, substitute, targetOf, type Placed } from '../../runbooks/services/place.ts';
import { loadRunbook } from '../../src/host/runbook-file.ts';
import { validate } from '../../src/runbook/index.ts';
import { temporaryFolder } from '../host/folder.ts';

const least = { repository: '/mnt/nas/restic', password: 'file:/etc/password', flake: '/etc/nixos' };
const given = (entry: ServiceEntry, changes: object = {}): ServiceParams =>
  serviceParams(serviceOf(entry)).parse({ ...least, ...changes });
const all: readonly ServiceEntry[] = Object.values(entries);

describe('the catalogue of services', () => {
  it('has the properties of the plan, to the letter', () => {
    const small = { recordsize: '16K', compression: 'lz4', 'com.sun:auto-snapshot': 'true' };
    const propertiesOf = (entry: ServiceEntry) =>
      Object.fromEntries(serviceOf(entry).datasets.map(({ name, properties }) => [name, properties]));
    expect(propertiesOf(entries.sonarr)).toEqual({ sonarr: small });
    expect(propertiesOf(entries.radarr)).toEqual({ radarr: small });
    expect(propertiesOf(entries['home-assistant'])).toEqual({ 'home-assistant': small });
    expect(propertiesOf(entries.plex)).toEqual({
      plex: { recordsize: '1M', compression: 'lz4', 'com.sun:auto-snapshot': 'false' },
    });
    expect(serviceOf(entries.sonarr)).toMatchObject({
      folder: '/persist/var/lib/sonarr',
      units: ['sonarr.service'],
      health: { address: 'http://localhost:8989' },
      backup: { unit: 'restic-backups-sonarr.service', excludes: ['**/.cache', '**/*.tmp'] },
    });
    expect(hosts).toEqual({
      forge: 'tank/persist',
      luna: 'rpool/safe/persist',
      rydev: 'rpool/safe/persist',
    });
  });

  it.each(all.map((entry) => [entry.service, entry] as const))(
    'gives a sound runbook for %s, named like its service, with one point of no return, and nothing after it but tidying',
    (service, entry) => {
      const { id, nodes, claims } = validate(serviceRunbook(entry), service);
      expect(id).toBe(service);
      const final = nodes.filter((node) => node.kind === 'step' && node.reversal === 'irreversible');
      expect(final.map((node) => node.id)).toEqual(['cleanup']);
      expect(nodes.at(-1)?.id).toBe('leave-beneath');
      expect(nodes.at(-2)?.id).toBe('cleanup');
      // Whatever runs beside it, no two steps of these may swap places.
      const order = [
        'backup',
        'dataset',
        'warm-copy',
        'freeze',
        'final-copy',
        'verify-copy',
        'switch',
        'start',
      ];
      for (const [index, one] of order.entries()) {
        const next = order[index + 1];
        if (next !== undefined) expect(needsOf(nodes, next)).toContain(one);
      }
      const kinds = claims({ params: given(entry) }).map(({ kind }) => kind);
      expect(new Set(kinds)).toEqual(new Set(['path', 'dataset', 'unit']));
    },
  );

  it.each([
    ['a dataset too few', { datasets: [] }, /datasets/],
    ['a folder that is not absolute', { folder: 'var/lib' }, /absolute path/],
    ['a unit without its ending', { units: ['media'] }, /full name of a unit/],
    ['a key too many', { port: 1 }, /port/],
    [
      'two datasets of one name',
      { datasets: [{ properties: {} }, { properties: {} }] },
      /two datasets media/,
    ],
    ['a path that leads out of the folder', { data: { kind: 'files', mustHold: ['../x'] } }, /within/],
  ])('refuses an entry with %s, and says where', (_, changes, message) => {
    const entry = { service: 'media', datasets: [{ properties: {} }], data: { kind: 'files' as const } };
    expect(() => serviceRunbook({ ...entry, ...changes } as ServiceEntry)).toThrow(message);
  });

  it('takes a service from a file of its owner, wherever that lies', async () => {
    const file = join(temporaryFolder(), 'media.ts');
    writeFileSync(
      file,
      `import { serviceRunbook } from 'migrate-runbook/services';
export default serviceRunbook({ service: 'media', datasets: [{ properties: {} }], data: { kind: 'files' } });
`,
    );
    const { runbook } = await loadRunbook(file);
    expect(runbook.id).toBe('media');
    expect(runbook.nodes.map(({ id }) => id)).not.toContain('copied-databases');
  });
});

describe('where a service goes', () => {
  it('is the pool for services where there is one, though each machine has a boot pool', () => {
    expect(detectParent(['rpool/safe/persist', 'tank/persist'])).toBe('tank/persist');
    expect(detectParent(['rpool/safe/persist'])).toBe('rpool/safe/persist');
    expect(detectParent(['tank', 'tank/persistent'])).toBeUndefined();
  });

  it('is claimed in every pool that comes into question, until a host or a parent is named', () => {
    const sonarr = serviceOf(entries.sonarr);
    expect(datasetsClaimed(sonarr, {})).toEqual(parents.map((parent) => `${parent}/sonarr`));
    expect(datasetsClaimed(sonarr, { host: 'luna' })).toEqual(['rpool/safe/persist/sonarr']);
    expect(datasetsClaimed(sonarr, { host: 'luna', parent: 'a/b' })).toEqual(['a/b/sonarr']);
  });

  const word = fc.stringMatching(/^[a-z]{1,4}$/);
  it('has each wanted value that the pool takes, and else the substitute for that very value or none', () => {
    fc.assert(
      fc.property(
        fc.dictionary(word, word),
        fc.array(word),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,4}=[a-z]{1,4}$/), word),
        (wanted, lackingNames, substitutes) => {
          const lacking = new Set(lackingNames);
          const { properties, substituted, without } = substitute(wanted, lacking, substitutes);
          expect(Object.keys(properties)).toEqual(Object.keys(wanted));
          const replaced = Object.keys(wanted).filter((name) => lacking.has(name) && !without.includes(name));
          expect(substituted).toHaveLength(replaced.length);
          for (const [name, value] of Object.entries(wanted)) {
            expect(properties[name]).toBe(replaced.includes(name) ? substitutes[`${name}=${value}`] : value);
          }
        },
      ),
    );
  });
});

describe('the edits of a service’s configuration', () => {
  const place = (properties: Record<string, string>): Placed => ({
    parent: 'tank/persist',
    pool: 'tank',
    machine: 'forge',
    substituted: [],
    datasets: [{ name: 'sonarr', dataset: 'tank/persist/sonarr', mountPoint: '/persist/sonarr', properties }],
  });
  const sonarr = serviceOf(entries.sonarr);

  it('declare the dataset as it is, and move data folder, its rule and its backup', () => {
    const p = given(entries.sonarr);
    const [first, ...others] = pointEdits(sonarr, p, place({ recordsize: '16K', 'a:b': `"\${x}"` }));
    expect(first?.to).toBe(`services.sonarr.dataDir = "/persist/sonarr";

    modules.storage.datasets.services.sonarr = {
      recordsize = "16K";
      properties = {
        "a:b" = "\\"\\\${x}\\"";
      };
    };`);
    expect([...others, ...jobEdits(sonarr, p)]).toEqual([
      { from: '"d /persist/var/lib/sonarr ', to: '"d /persist/sonarr ' },
      { from: 'paths = [ "/persist/var/lib/sonarr" ];', to: 'paths = [ "/persist/sonarr" ];' },
    ]);
  });

  it('leave the folder’s name for a bind mount that each boot makes, without which the service must not start', () => {
    const p = given(entries.sonarr, { point: 'bind-mount', declare: false });
    expect(pointEdits(sonarr, p, place({}))).toEqual([
      {
        from: 'services.sonarr.dataDir = "/persist/var/lib/sonarr";',
        to: `services.sonarr.dataDir = "/persist/var/lib/sonarr";

    fileSystems."/persist/var/lib/sonarr" = {
      device = "/persist/sonarr";
      fsType = "none";
      options = [ "bind" "nofail" "x-systemd.requires=zfs-mount.service" ];
    };
    systemd.services."sonarr".unitConfig.RequiresMountsFor = [ "/persist/var/lib/sonarr" ];
    systemd.services."sonarr".unitConfig.AssertPathIsMountPoint = [ "/persist/sonarr" "/persist/var/lib/sonarr" ];`,
      },
    ]);
  });

  it.each(['configuration', 'bind-mount'] as const)(
    'are taken back to the letter by the way that is left after cleanup, by %s',
    (point) => {
      for (const entry of all) {
        const service = serviceOf(entry);
        const p = given(entry, { point });
        const there = {
          ...place({ recordsize: '16K' }),
          datasets: service.datasets.map((one) => ({
            ...one,
            dataset: `tank/persist/${one.name}`,
            mountPoint: `/persist/${one.name}`,
          })),
        };
        const forth = [...pointEdits(service, p, there), ...jobEdits(service, p)];
        const before = `a { ${forth.map(({ from }) => from).join('\n')} }`;
        const after = forth.reduce((text, { from, to }) => text.replace(from, () => to), before);
        const edits = backEdits(service, p, there);
        for (const { from } of edits) expect(after.split(from)).toHaveLength(2);
        expect(edits.reduce((text, { from, to }) => text.replace(from, () => to), after)).toBe(before);
      }
    },
  );

  it('follow other folders, and change nothing else where nothing is declared', () => {
    const p = given(entries.sonarr, { source: '/srv/sonarr', mount: '/data', declare: false });
    expect(targetOf(sonarr, p)).toBe('/data/sonarr');
    expect(pointEdits(sonarr, p, place({}))[0]).toEqual({
      from: 'services.sonarr.dataDir = "/srv/sonarr";',
      to: 'services.sonarr.dataDir = "/data/sonarr";',
    });
  });
});

describe('the way back once the old folder is deleted', () => {
  it.each(all.map((entry) => [entry.service, entry] as const))(
    'is a sound runbook for %s that deletes nothing',
    (service, entry) => {
      const { id, nodes } = validate(serviceBackRunbook(entry), `${service}-back`);
      expect(id).toBe(`${service}-back`);
      expect(nodes.filter((node) => node.kind === 'step' && node.reversal === 'irreversible')).toEqual([]);
      const order = [
        'edits',
        'warm-copy',
        'freeze',
        'snapshot',
        'final-copy',
        'verify-copy',
        'point',
        'switch',
        'start',
        'in-old-folder',
      ];
      for (const [index, one] of order.entries()) {
        const next = order[index + 1];
        if (next !== undefined) expect(needsOf(nodes, next)).toContain(one);
      }
    },
  );

  it('is named with the parameters of the move that are not as if left out, and with no secret', () => {
    const p = given(entries.sonarr, {
      point: 'bind-mount',
      substitute: { 'compression=lz4': 'on' },
      source: '/persist/var/lib/sonarr',
    });
    expect(backCommand(serviceOf(entries.sonarr), p).argv).toEqual([
      'migrate',
      'run',
      'sonarr-back',
      '--set',
      'substitute={"compression=lz4":"on"}',
      '--set',
      'flake=/etc/nixos',
      '--set',
      'point=bind-mount',
    ]);
  });
});

/** All that a step needs, at whatever distance. */
function needsOf(
  nodes: readonly { readonly id: string; readonly needs: readonly string[] }[],
  id: string,
): ReadonlySet<string> {
  const direct = nodes.find((node) => node.id === id)?.needs ?? [];
  return new Set([...direct, ...direct.flatMap((need) => [...needsOf(nodes, need)])]);
}
