import type { Claim } from 'migrate-runbook';
import type { Service } from './catalogue.ts';
import type { ServiceParams } from './params.ts';
import { datasetsClaimed } from './place.ts';

/**
 * What a run holds for itself: the old folder, the folders and names of the datasets, and the units.
 * @param old what the old folder is to it: the source of a move, the target of its way back
 */
export function claimsOf(
  service: Service,
  p: Pick<ServiceParams, 'source' | 'mount' | 'parent' | 'host'>,
  old: 'source' | 'target',
): readonly Claim[] {
  const role = old === 'source' ? 'target' : 'source';
  return [
    { kind: 'path', path: p.source, role: old },
    ...service.datasets.map(({ name }) => ({ kind: 'path', path: `${p.mount}/${name}`, role }) as const),
    ...datasetsClaimed(service, p).map((dataset) => ({ kind: 'dataset' as const, dataset })),
    ...service.units.map((unit) => ({ kind: 'unit' as const, unit })),
  ];
}
