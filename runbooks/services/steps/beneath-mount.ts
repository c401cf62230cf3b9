import { posix } from 'node:path';
import { bindMount } from 'migrate-runbook/operations';
import { placeForOldCopy } from '../../beneath/old-copy.ts';
import type { Service } from '../catalogue.ts';
import { beneathFolder } from '../old-folder.ts';
import type { ServiceParams } from '../params.ts';

/** The old folder lies beneath the mount that shows the dataset in it. */
export function isBeneath({ params: p }: { readonly params: Pick<ServiceParams, 'point'> }): boolean {
  return p.point === 'bind-mount';
}

export function placeBeneath(service: Pick<Service, 'service'>) {
  return {
    title: 'A place in which to see what lies beneath the bind mount',
    when: isBeneath,
    use: placeForOldCopy,
    with: () => ({ folder: beneathFolder(service) }),
  };
}

/** Shows there the folder that holds the old one, without its mounts. */
export function reachBeneath(service: Pick<Service, 'service'>) {
  return {
    title: 'Reach the old folder beneath the bind mount',
    when: isBeneath,
    use: bindMount,
    with: ({ params: p }: { readonly params: Pick<ServiceParams, 'source'> }) => ({
      from: posix.dirname(p.source),
      to: beneathFolder(service),
      private: true,
    }),
  };
}
