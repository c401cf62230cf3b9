import type { ServiceParams } from '../params.ts';
import type { PlaceParams } from '../place.ts';

/** The parameters that health looks at. Those of a move are more. */
export type HealthParams = PlaceParams &
  Partial<Pick<ServiceParams, 'repository' | 'password'>> &
  Pick<ServiceParams, 'replica' | 'restoreTest' | 'preseed'>;
