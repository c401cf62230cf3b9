import { posix } from 'node:path';
import { fragment, z } from 'migrate-runbook';
import { sqliteCheck } from 'migrate-runbook/operations';
import type { Service } from './catalogue.ts';
import type { Kind } from './kind.ts';
import { serviceParams } from './params.ts';
import { outputOf } from './parts.ts';
import { targetOf } from './place.ts';

const found = z.object({ databases: z.array(z.object({ path: z.string() })) });

/** Reads every database wholly, before and after: damage that was there already shows only then. */
export function sqliteKind(service: Service): Kind {
  const params = serviceParams(service);
  return {
    atRest: {
      steps: fragment({ params }).step('databases', {
        title: 'The databases are sound',
        use: sqliteCheck,
        with: ({ params: p }) => ({ folder: p.source, service: 'stopped' as const }),
      }),
      last: ['databases'],
    },
    databases: (outputs, p) =>
      outputOf(outputs, 'at-rest-databases', found).databases.map(({ path }) =>
        posix.relative(p.source, path),
      ),
    copied: {
      steps: fragment({ params }).step('databases', {
        title: 'Their copies are sound',
        use: sqliteCheck,
        with: ({ params: p }) => ({ folder: targetOf(service, p), service: 'stopped' as const }),
      }),
      last: ['databases'],
    },
  };
}
