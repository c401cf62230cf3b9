import type { Service } from './catalogue.ts';
import type { Kind } from './kind.ts';
import type { serviceParams } from './params.ts';

/** What the steps of a move are made from, when the runbook is loaded. */
export interface Moving {
  readonly service: Service;
  readonly own: Kind;
  readonly params: ReturnType<typeof serviceParams>;
}
