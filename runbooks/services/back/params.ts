import type { z } from 'migrate-runbook';
import type { Service } from '../catalogue.ts';
import { serviceParams } from '../params.ts';

/** Those of the move, but for what only the move needs. */
export function backParams(service: Pick<Service, 'service' | 'folder'>) {
  return serviceParams(service).pick({
    host: true,
    parent: true,
    source: true,
    mount: true,
    substitute: true,
    backupHost: true,
    flake: true,
    flakeHost: true,
    serviceFile: true,
    point: true,
    declare: true,
    laterWrites: true,
  });
}
export type BackParams = z.output<ReturnType<typeof backParams>>;
