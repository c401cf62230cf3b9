import type { Host } from 'migrate-runbook';
import type { Service } from '../catalogue.ts';
import type { ServiceParams } from '../params.ts';
import { targetOf } from '../place.ts';
import { worksThere } from '../works-there.ts';

interface Asked {
  readonly host: Host;
  readonly params: Pick<ServiceParams, 'source' | 'mount'>;
}

/** Whether the files of its data that it has open are all on its dataset. */
export function worksOnDataset(service: Service) {
  return ({ host, params: p }: Asked) => {
    const folder = targetOf(service, p);
    return worksThere(host, { units: service.units, folder, names: [folder, p.source] });
  };
}

/** Whether they are all in the old folder. */
export function worksInOldFolder(service: Service) {
  return ({ host, params: p }: Asked) =>
    worksThere(host, {
      units: service.units,
      folder: p.source,
      names: [p.source, targetOf(service, p)],
    });
}
