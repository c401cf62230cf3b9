import { runbook } from 'migrate-runbook';
import { httpHealth, identifyTree, zfsPool } from 'migrate-runbook/operations';
import { claimsOf } from '../claims.ts';
import { serviceHealth } from '../health.ts';
import { dataThere, editsFit, fits, targetsFree, unitsWork } from '../preflight.ts';
import { dataAmong } from '../step-inputs.ts';
import { rehearsalOf } from '../rehearsal.ts';
import { placeHere } from '../steps/find-place.ts';
import { addressOf } from '../steps/start-again.ts';
import type { Moving } from '../moving.ts';

/** Begins the runbook, and looks at everything before anything is changed. */
export function beginPreflight({ service, own, params }: Moving) {
  const { units, health } = service;

  const start = runbook(service.service, {
    summary: `Move the data of ${service.service} onto ${service.datasets.length === 1 ? 'a ZFS dataset' : 'ZFS datasets'} of its own`,
    params,
    tools: [
      ...'zfs zpool rsync restic curl systemctl findmnt du stat nixos-rebuild nix-env nix-store'.split(' '),
      ...(own.tools ?? []),
    ],
    root: true,
    claims: ({ params: p }) => claimsOf(service, p, 'source'),
    health: serviceHealth(service),
    ...rehearsalOf(service),
  });

  return start
    .phase('Preflight')
    .step('place', {
      title: 'Where the data goes on this machine',
      describe: () =>
        'find the parent dataset, and ask the pool whether it supports the properties that are wanted',
      ...placeHere(service),
    })
    .step('pool', {
      title: 'The pool is sound and has room',
      needs: ['place'],
      use: zfsPool,
      with: ({ outputs: { place } }) => ({
        pool: place.pool,
        parent: place.parent,
        properties: dataAmong(place).properties,
      }),
    })
    .check('units', {
      title: 'Its units are known, and work',
      expect: `${units.join(', ')}: active`,
      run: ({ host }) => unitsWork(host, units),
    })
    .check('data', {
      title: 'Its data is there',
      expect: 'the folder, with what makes it data of this service',
      run: ({ host, params: p }) => dataThere(host, service, p),
    })
    .check('free', {
      title: 'Nothing else is at the new place',
      needs: ['place'],
      expect: 'no other mount there, and no data that would be covered',
      run: ({ host, outputs }) => targetsFree(host, outputs.place),
    })
    .check('edits', {
      title: 'The configuration can be edited, to the last step',
      needs: ['place'],
      expect: 'each text that is replaced is there exactly once',
      run: ({ host, params: p, outputs }) => editsFit(host, service, p, outputs.place),
    })
    .check('room', {
      title: 'The data fits into the pool',
      needs: ['pool', 'data'],
      expect: 'a tenth more room than it takes',
      run: ({ host, params: p, outputs }) => fits(host, p, outputs.pool.available),
    })
    .step('answers-before', {
      title: 'It answers today',
      needs: ['units'],
      when: () => health !== undefined,
      use: httpHealth,
      with: () => ({ ...addressOf(service), retries: 5 }),
    })
    .step('identity', {
      title: 'Remember which tree is the old one',
      needs: ['units', 'data', 'free', 'edits', 'room', 'answers-before'],
      use: identifyTree,
      with: ({ params: p }) => ({ path: p.source }),
    });
}
