import type { ReadContext } from 'migrate-runbook';
import type { Service } from '../catalogue.ts';
import { findPlace, placed, type PlaceParams } from '../place.ts';

/** Where the datasets of a service are, or will be, on this machine. */
export function placeHere(service: Service) {
  return {
    readonly: true as const,
    output: placed,
    run: (context: Pick<ReadContext<PlaceParams>, 'host' | 'params'>) => findPlace(service, context),
  };
}
