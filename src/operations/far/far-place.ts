import { z } from 'zod';
import { absolutePath, isPlaceholder } from '../../runbook/index.ts';
import type { FarAccess } from '../../copy/index.ts';

/** A folder on another machine, which is reached over ssh by a key. */
export const farPlaceInput = z.strictObject({
  /** `user@host`, or a host of the ssh configuration; an IPv6 address in brackets. */
  host: z.string().regex(/^(?!-)([^\s@:/[\]'"-][^\s@:/[\]'"]*@)?([\w.][\w.-]*|\[[0-9a-fA-F:.%\w]+\])$/, {
    error: 'expected a host for ssh, such as `root@nas.example`',
  }),
  path: absolutePath,
  port: z.number().int().min(1).max(65_535).optional(),
  /** The private key; what ssh would try by itself when left out. */
  identityFile: absolutePath.optional(),
  /** Names the host's key; `~/.ssh/known_hosts` when left out. */
  knownHostsFile: absolutePath.optional(),
});
export type FarPlace = z.output<typeof farPlaceInput>;

/** A folder here, or on another machine. */
export const anyPlace = z.union([absolutePath, farPlaceInput]);
export type AnyPlace = z.output<typeof anyPlace>;

/** In a plan a place may not be known yet; it then counts as one here. */
export function isFarPlace(place: AnyPlace): place is FarPlace {
  return typeof place === 'object' && !isPlaceholder(place);
}

export function accessOf({ host, port, identityFile, knownHostsFile }: FarPlace): FarAccess {
  return { host, port, identityFile, knownHostsFile };
}

/** For people: `/path`, or `user@host:/path`. */
export function placeText(place: AnyPlace): string {
  return isFarPlace(place) ? `${place.host}:${place.path}` : place;
}
