import { posix } from 'node:path';
import { runbook } from 'migrate-runbook';
import { copyPreview, identifyTree } from 'migrate-runbook/operations';
import { unitsAre } from '../../nixos-module/units-are.ts';
import type { Service } from '../catalogue.ts';
import { claimsOf } from '../claims.ts';
import { backEdits } from '../configuration.ts';
import type { Kind } from '../kind.ts';
import { oldFolder } from '../old-folder.ts';
import { targetOf } from '../place.ts';
import { textsThere } from '../preflight.ts';
import { placeBeneath, reachBeneath } from '../steps/beneath-mount.ts';
import { placeHere } from '../steps/find-place.ts';
import { livesThere, oldIsFree } from './look.ts';
import { backParams } from './params.ts';
import { backRehearsalOf } from './rehearsal.ts';

/** Paths of the dataset that the copy leaves out, since they come from another one. */
export function leftOut({ returns = [] }: Kind): readonly string[] {
  return returns.map(({ into }) => into);
}

/** Looks at everything before anything is changed. The service need not be well: that may be why one goes back. */
export function beginBack(service: Service, own: Kind) {
  const { units } = service;

  return (
    runbook(`${service.service}-back`, {
      summary: `Bring the data of ${service.service} back from its ZFS dataset, once the old folder is deleted`,
      params: backParams(service),
      tools: 'zfs zpool rsync systemctl findmnt stat nixos-rebuild nix-env nix-store'.split(' '),
      root: true,
      claims: ({ params: p }) => claimsOf(service, p, 'target'),
      ...backRehearsalOf(service, own),
    })
      .phase('Preflight')
      .step('place', {
        title: 'Where the data is on this machine',
        describe: () => 'find the parent dataset, and with which properties it was declared',
        ...placeHere(service),
      })
      .check('lives-there', {
        title: 'The data is on its dataset',
        needs: ['place'],
        expect: 'each dataset is mounted, with what makes it data of this service',
        run: ({ host, params: p, outputs }) => livesThere(host, service, p, outputs.place),
      })
      .check('units', {
        title: 'Its units are known',
        expect: `${units.join(', ')}: loaded`,
        run: ({ host }) => unitsAre(host, units, 'loaded'),
      })
      .check('edits', {
        title: 'The configuration can be edited back',
        needs: ['place'],
        expect: 'each text that the move wrote is there exactly once',
        run: ({ host, params: p, outputs }) =>
          textsThere(
            host,
            p.flake,
            backEdits(service, p, outputs.place).map(({ from }) => ({ file: p.serviceFile, from })),
          ),
      })
      .step('beneath', { needs: ['lives-there', 'units', 'edits'], ...placeBeneath(service) })
      // It stays until the next boot: only there the copy can be taken back.
      .step('reach-beneath', { needs: ['beneath'], ...reachBeneath(service) })
      .check('old-gone', {
        title: 'The old folder is gone, or empty',
        needs: ['lives-there', 'units', 'edits', 'reach-beneath'],
        expect: 'nothing that a copy would replace',
        run: ({ host, params: p }) => oldIsFree(host, service, p),
      })
      .step('old-disk', {
        title: 'On which file system the old folder lies',
        needs: ['old-gone'],
        use: identifyTree,
        with: ({ params: p }) => ({ path: posix.dirname(oldFolder(service, p)) }),
      })
      .step('fits', {
        title: 'It fits: bytes and inodes',
        needs: ['old-disk'],
        use: copyPreview,
        with: ({ params: p }) => ({
          from: targetOf(service, p),
          to: oldFolder(service, p),
          exclude: leftOut(own),
        }),
      })
  );
}
