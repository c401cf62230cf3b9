import { nixString } from '../nixos-module/nix-string.ts';
import type { Service } from './catalogue.ts';
import type { ServiceParams } from './params.ts';
import { backedUp, targetOf, type Placed } from './place.ts';

export interface Edit {
  readonly from: string;
  readonly to: string;
}

/** What becomes of the text that says where the service's data lies. */
export function pointEdits(service: Service, p: ServiceParams, place: Placed): readonly Edit[] {
  const [source, target] = [p.source, targetOf(service, p)];
  const edits = filled(service, p, service.configuration.point) ?? [
    {
      from: `services.${service.service}.dataDir = "${source}";`,
      to: `services.${service.service}.dataDir = "${target}";`,
    },
    { from: `"d ${source} `, to: `"d ${target} ` },
  ];
  if (!p.declare) return edits;
  const [first, ...others] = edits;
  if (first === undefined) return edits;
  return [{ from: first.from, to: `${first.to}\n\n${declaration(place)}` }, ...others];
}

/** What becomes of the paths of its backup job. */
export function jobEdits(service: Service, p: ServiceParams): readonly Edit[] {
  return (
    filled(service, p, service.configuration.job) ?? [
      { from: `paths = [ "${p.source}" ];`, to: `paths = [ "${backedUp(service, p)}" ];` },
    ]
  );
}

/** The texts of an entry, with the folders that the parameters give. */
function filled(
  service: Service,
  p: ServiceParams,
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
