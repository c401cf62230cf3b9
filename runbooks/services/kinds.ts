import type { Service } from './catalogue.ts';
import type { Kind } from './kind.ts';
import { postgresKind } from '../postgres/kind.ts';
import { sqliteKind } from './sqlite.ts';

/** The steps that the kind of a service's data brings along. */
export function kindOf(service: Service): Kind {
  switch (service.data.kind) {
    case 'sqlite':
      return sqliteKind(service);
    case 'postgres':
      return postgresKind(service);
    case 'files':
      return {};
  }
}
