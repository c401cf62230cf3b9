import { nixString } from '../nixos-module/nix-string.ts';
import type { Service } from './catalogue.ts';
import type { ServiceParams } from './params.ts';
import { targetOf, type Placed } from './place.ts';

export interface Edit {
  readonly from: string;
  readonly to: string;
}

/** What becomes of the text that says where the service's data lies. */
export function pointEdits(service: Service, p: ServiceParams, place: Placed): readonly Edit[] {
  const [source, target] = [p.source, targetOf(service, p)];
  const edits = service.configuration.point ?? [
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
    service.configuration.job ?? [
      { from: `paths = [ "${p.source}" ];`, to: `paths = [ "${targetOf(service, p)}" ];` },
    ]
  );
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
