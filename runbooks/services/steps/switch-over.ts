import { nixosRebuild } from 'migrate-runbook/operations';
import { switchNow } from '../../nixos-module/switch-now.ts';
import type { ServiceParams } from '../params.ts';

/** The configuration, as it was edited, takes effect. */
export function switchOver() {
  return {
    title: 'Switch to that configuration',
    timeout: '6h' as const,
    use: nixosRebuild,
    with: ({ params: p }: { readonly params: Pick<ServiceParams, 'flake' | 'flakeHost'> }) =>
      switchNow({ flake: p.flake, host: p.flakeHost }),
  };
}
