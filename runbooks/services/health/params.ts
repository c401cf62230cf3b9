import type { ServiceParams } from '../params.ts';
import type { PlaceParams } from '../place.ts';

/** The parameters that health looks at. Those of a move are more. */
export type HealthParams = PlaceParams &
  Pick<ServiceParams, 'replica' | 'restoreTest' | 'preseed'> & {
    readonly [Key in 'repository' | 'password']?: ServiceParams[Key] | undefined;
  };
