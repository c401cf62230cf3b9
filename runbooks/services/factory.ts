import { serviceOf, type ServiceEntry } from './catalogue.ts';
import type { Kind } from './kind.ts';
import { kindOf } from './kinds.ts';
import type { Moving } from './moving.ts';
import { serviceParams } from './params.ts';
import { cleanUp } from './phases/cleanup-phase.ts';
import { prepareCopy } from './phases/copy-phase.ts';
import { moveOver } from './phases/move-phase.ts';
import { beginPreflight } from './phases/preflight-phase.ts';
import { proveMove } from './phases/proof-phase.ts';

/**
 * The runbook that moves a service's data onto ZFS datasets of its own.
 *
 * @param entry the service, as data; see docs/services.md
 * @param kind steps that only services of its kind have; those for its kind of data when left out
 * @throws UsageError `services.entry` when the entry does not fit
 */
export function serviceRunbook(entry: ServiceEntry, kind?: Kind) {
  const service = serviceOf(entry);
  const moving: Moving = {
    service,
    own: kind ?? kindOf(service),
    params: serviceParams(service),
  };
  const preflight = beginPreflight(moving);
  const copied = prepareCopy(moving, preflight);
  const moved = moveOver(moving, copied);
  return cleanUp(moving, proveMove(moving, moved));
}
