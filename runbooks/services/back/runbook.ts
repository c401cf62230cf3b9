import { kindOf } from '../kinds.ts';
import { serviceOf, type ServiceEntry } from '../catalogue.ts';
import type { Kind } from '../kind.ts';
import { beginBack } from './begin.ts';
import { copyBack } from './copy.ts';
import { returnTo } from './return.ts';

/**
 * The runbook that brings a service's data back into its old folder when that is deleted already: a copy of the
 * dataset, verified. The dataset stays, held by a snapshot.
 *
 * @param entry the service as it was moved; see docs/services.md
 * @throws UsageError `services.entry` when the entry does not fit
 */
export function serviceBackRunbook(entry: ServiceEntry, kind?: Kind) {
  const service = serviceOf(entry);
  const own = kind ?? kindOf(service);
  return returnTo(service, copyBack(service, own, beginBack(service, own)));
}
