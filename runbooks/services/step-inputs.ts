import type { RunInfo, StepContext } from 'migrate-runbook';
import type { Service } from './catalogue.ts';
import type { ServiceParams } from './params.ts';
import { targetOf, type Placed, type PlacedDataset } from './place.ts';

/** The dataset that takes the data, as it is on this machine. */
export function dataAmong({ datasets: [first] }: Placed): PlacedDataset {
  return first ?? { name: '', dataset: '', mountPoint: '', properties: {} };
}

export function manifestOf({ folder }: RunInfo): string {
  return `${folder}/manifest`;
}

/** The old folder, onto the dataset that takes its data. */
export function ontoDataset(service: Service) {
  return ({ params: p, run, outputs }: StepContext<ServiceParams, { readonly dataset: Mounted }>) => ({
    from: p.source,
    to: targetOf(service, p),
    manifest: manifestOf(run),
    expectMount: mountedAs(outputs.dataset),
  });
}

interface Mounted {
  readonly mountPoint: string;
  readonly guid: string;
}

/** Where the dataset is not mounted, the folder beneath would be written to. */
export function mountedAs({ mountPoint, guid }: Mounted) {
  return { point: mountPoint, uuid: guid };
}

export function resticOf({ repository, password }: ServiceParams) {
  return { repository, password };
}

export function serviceFile({
  flake,
  serviceFile: file,
}: Pick<ServiceParams, 'flake' | 'serviceFile'>): string {
  return `${flake}/${file}`;
}
