import { posix } from 'node:path';
import type { Service } from './catalogue.ts';
import type { ServiceParams } from './params.ts';

/** Where one sees what lies beneath the bind mount: the folder that holds the old one, without its mounts. */
export function beneathFolder({ service }: Pick<Service, 'service'>): string {
  return `/run/migrate-beneath-${service}`;
}

/** The path of the old folder itself, whatever is mounted over it. */
export function oldFolder(
  service: Pick<Service, 'service'>,
  { source, point }: Pick<ServiceParams, 'source' | 'point'>,
): string {
  return point === 'bind-mount' ? posix.join(beneathFolder(service), posix.basename(source)) : source;
}
