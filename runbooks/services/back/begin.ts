import { posix } from 'node:path';
import { runbook } from 'migrate-runbook';
import { bindMount, copyPreview, identifyTree } from 'migrate-runbook/operations';
import { placeForOldCopy } from '../../beneath/old-copy.ts';
import { unitsAre } from '../../nixos-module/units-are.ts';
import type { Service } from '../catalogue.ts';
import { backEdits } from '../configuration.ts';
import type { Kind } from '../kind.ts';
import { beneathFolder, oldFolder } from '../old-folder.ts';
import { datasetsClaimed, findPlace, placed, targetOf } from '../place.ts';
import { textsThere } from '../preflight.ts';
import { livesThere, oldIsFree } from './look.ts';
import { backParams, type BackParams } from './params.ts';
import { backRehearsalOf } from './rehearsal.ts';

/** Paths of the dataset that the copy leaves out, since they come from another one. */
export function leftOut({ returns = [] }: Kind): readonly string[] {
  return returns.map(({ into }) => into);
}

const isBound = ({ params: p }: { readonly params: BackParams }) => p.point === 'bind-mount';

/** Looks at everything before anything is changed. The service need not be well: that may be why one goes back. */
export function beginBack(service: Service, own: Kind) {
  const { units } = service;
  const beneath = beneathFolder(service);

  return (
    runbook(`${service.service}-back`, {
      summary: `Bring the data of ${service.service} back from its ZFS dataset, once the old folder is deleted`,
      params: backParams(service),
      tools: 'zfs zpool rsync systemctl findmnt stat nixos-rebuild nix-env nix-store'.split(' '),
      root: true,
      claims: ({ params: p }) => [
        { kind: 'path', path: p.source, role: 'target' },
        ...service.datasets.map(({ name }) => ({
          kind: 'path' as const,
          path: `${p.mount}/${name}`,
          role: 'source' as const,
        })),
        ...datasetsClaimed(service, p).map((dataset) => ({ kind: 'dataset' as const, dataset })),
        ...units.map((unit) => ({ kind: 'unit' as const, unit })),
      ],
      ...backRehearsalOf(service, own),
    })
      .phase('Preflight')
      .step('place', {
        title: 'Where the data is on this machine',
        readonly: true,
        output: placed,
        describe: () => 'find the parent dataset, and with which properties it was declared',
        run: (context) => findPlace(service, context),
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
      .step('beneath', {
        title: 'A place in which to see what lies beneath the bind mount',
        needs: ['lives-there', 'units', 'edits'],
        when: isBound,
        use: placeForOldCopy,
        with: () => ({ folder: beneath }),
      })
      // It stays until the next boot: only there the copy can be taken back.
      .step('reach-beneath', {
        title: 'Reach the old folder beneath the bind mount',
        needs: ['beneath'],
        when: isBound,
        use: bindMount,
        with: ({ params: p }) => ({ from: posix.dirname(p.source), to: beneath, private: true }),
      })
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
