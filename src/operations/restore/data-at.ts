import type { Host } from '../../runbook/index.ts';
import type { DataPlace } from './data-place.ts';
import type { DataVerdict } from './judge-data.ts';
import { lookAt } from './look-at.ts';

/**
 * Whether a service's data is there, for runbooks' own checks; see `lookForData`. It only reads.
 * @param folder where copies of databases may be made for a moment
 */
export async function dataAt(host: Host, place: DataPlace, folder: string): Promise<DataVerdict> {
  const { state, why } = await lookAt(host, place, folder);
  return { state, why };
}
