import { posix } from 'node:path';
import { fragment, z } from 'migrate-runbook';
import type { Service } from './catalogue.ts';
import type { Kind } from './kind.ts';
import { serviceParams, type ServiceParams } from './params.ts';
import { outputOf } from './parts.ts';
import { targetOf } from './place.ts';
import { copiesSound, databasesSound } from './steps/data-at-rest.ts';

const found = z.object({ databases: z.array(z.object({ path: z.string() })) });

/** Reads every database wholly, before and after: damage that was there already shows only then. */
export function sqliteKind(service: Service): Kind {
  const params = serviceParams(service);
  return {
    atRest: {
      steps: fragment({ params }).step(
        'databases',
        databasesSound((p: ServiceParams) => p.source),
      ),
      last: ['databases'],
    },
    databases: (outputs, p) =>
      outputOf(outputs, 'at-rest-databases', found).databases.map(({ path }) =>
        posix.relative(p.source, path),
      ),
    copied: {
      steps: fragment({ params }).step(
        'databases',
        copiesSound((p: ServiceParams) => targetOf(service, p)),
      ),
      last: ['databases'],
    },
  };
}
