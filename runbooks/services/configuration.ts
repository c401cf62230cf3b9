import { nixString } from '../nixos-module/nix-string.ts';
import type { Service } from './catalogue.ts';
import type { ServiceParams } from './params.ts';
import { backedUp, targetOf, type Placed } from './place.ts';

export interface Edit {
  readonly from: string;
  readonly to: string;
}

/** The parameters by which the configuration is edited. */
export type EditParams = Pick<ServiceParams, 'source' | 'mount' | 'point' | 'declare'>;

/** What becomes of the text that says where the service's data lies. */
export function pointEdits(service: Service, p: EditParams, place: Placed): readonly Edit[] {
  const [first, ...others] = p.point === 'bind-mount' ? bindEdits(service, p) : placeEdits(service, p);
  if (first === undefined) return [];
  const added = [
    ...(p.point === 'bind-mount' ? [bindMount(service, p, place)] : []),
    ...(p.declare ? [declaration(place)] : []),
  ];
  return [{ from: first.from, to: [first.to, ...added].join('\n\n') }, ...others];
}

/** The same the other way round, once more with the texts of the backup job. */
export function backEdits(service: Service, p: EditParams, place: Placed): readonly Edit[] {
  return [...pointEdits(service, p, place), ...jobEdits(service, p)].map(({ from, to }) => ({
    from: to,
    to: from,
  }));
}

function placeEdits(service: Service, p: EditParams): readonly Edit[] {
  const [source, target] = [p.source, targetOf(service, p)];
  return (
    filled(service, p, service.configuration.point) ?? [
      {
        from: `services.${service.service}.dataDir = "${source}";`,
        to: `services.${service.service}.dataDir = "${target}";`,
      },
      { from: `"d ${source} `, to: `"d ${target} ` },
    ]
  );
}

/** The folder keeps its name, and only the mount is added. */
function bindEdits(service: Service, p: EditParams): readonly Edit[] {
  const text = `services.${service.service}.dataDir = "${p.source}";`;
  return filled(service, p, service.configuration.bind) ?? [{ from: text, to: text }];
}

/**
 * A bind mount that each boot makes, once ZFS has mounted its datasets, which no mount unit does. A service that
 * starts without it would work in the old folder, or in an empty one, so it must not start then.
 */
function bindMount(service: Service, { source, mount }: EditParams, { datasets }: Placed): string {
  const places = [...datasets.map(({ mountPoint }) => mountPoint), source].map(nixString).join(' ');
  const asserts = service.units.flatMap((unit) => {
    if (!unit.endsWith('.service')) return [];
    const own = `    systemd.services.${nixString(unit.replace(/\.service$/, ''))}.unitConfig`;
    return [
      `${own}.RequiresMountsFor = [ ${nixString(source)} ];`,
      `${own}.AssertPathIsMountPoint = [ ${places} ];`,
    ];
  });
  return [
    `    fileSystems.${nixString(source)} = {`,
    `      device = ${nixString(targetOf(service, { mount }))};`,
    '      fsType = "none";',
    '      options = [ "bind" "nofail" "x-systemd.requires=zfs-mount.service" ];',
    '    };',
    ...asserts,
  ].join('\n');
}

/** What becomes of the paths of its backup job. */
export function jobEdits(service: Service, p: EditParams): readonly Edit[] {
  return (
    filled(service, p, service.configuration.job) ?? [
      { from: `paths = [ "${p.source}" ];`, to: `paths = [ "${backedUp(service, p)}" ];` },
    ]
  );
}

/** The texts of an entry, with the folders that the parameters give. */
function filled(
  service: Service,
  p: EditParams,
  edits: readonly Edit[] | undefined,
): readonly Edit[] | undefined {
  const values: Readonly<Record<string, string>> = {
    source: p.source,
    target: targetOf(service, p),
    backup: backedUp(service, p),
    mount: p.mount,
  };
  const fill = (text: string) =>
    text.replaceAll(/\{(source|target|backup|mount)\}/g, (_, name: string) => values[name] ?? '');
  return edits?.map(({ from, to }) => ({ from: fill(from), to: fill(to) }));
}

/** Such that another machine with this configuration makes the same datasets. */
function declaration({ datasets }: Placed): string {
  return datasets
    .map(({ name, properties }) => {
      const { recordsize, compression, ...others } = properties;
      const own = Object.entries({ recordsize, compression }).flatMap(([key, value]) =>
        value === undefined ? [] : [`      ${key} = ${nixString(value)};\n`],
      );
      const rest = Object.entries(others).map(
        ([key, value]) => `        ${nixString(key)} = ${nixString(value)};\n`,
      );
      const properly = rest.length === 0 ? '' : `      properties = {\n${rest.join('')}      };\n`;
      return `    modules.storage.datasets.services.${name} = {\n${own.join('')}${properly}    };`;
    })
    .join('\n');
}
