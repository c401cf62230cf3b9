import { posix } from 'node:path';
import { fragment, type RunInfo, type SoakProbe } from 'migrate-runbook';
import {
  postgresQuery,
  postgresRows,
  postgresSnapshotProof,
  walFolder,
  zfsSnapshot,
} from 'migrate-runbook/operations';
import { dumpCluster } from '../postgres-pitr/dump.ts';
import type { Service } from '../services/catalogue.ts';
import type { Kind } from '../services/kind.ts';
import { serviceParams, type ServiceParams } from '../services/params.ts';
import { outputOf } from '../services/parts.ts';
import { mountPointOf, targetOf, type Placed } from '../services/place.ts';
import { clusterShutDown, sameCluster, type Cluster } from '../services/steps/data-at-rest.ts';
import { placeHere } from '../services/steps/find-place.ts';
import { clusterFacts, lookAtServer, mustLiveThere, serverIn, user } from './server.ts';

const dumpOf = ({ source }: ServiceParams, { id }: RunInfo) => `${posix.dirname(source)}/.migrate-dump-${id}`;
const rowsOf = ({ folder }: RunInfo) => `${folder}/rows-before.json`;

/**
 * The first dataset takes the cluster, the second its WAL, behind a link. What is in the tables is read from
 * the stopped cluster, and again from clones of a snapshot of both: nothing touches the copy before the server.
 */
export function postgresKind(service: Service): Kind {
  const params = serviceParams(service);
  const wal = service.datasets[1]?.name ?? 'postgres-wal';
  const inSource = (p: ServiceParams) => p.source;
  const onDataset = (p: ServiceParams) => targetOf(service, p);
  const walPlace = (p: ServiceParams) => mountPointOf(wal, p);

  const before = fragment({ params })
    .step('cluster', {
      title: 'The server answers, and all of it can move',
      readonly: true,
      output: clusterFacts,
      describe: ({ params: p }) =>
        `ask the server in ${p.source} which cluster it is, and for tablespaces and settings elsewhere`,
      run: ({ host, params: p }) => lookAtServer(host, p.source),
    })
    .step('dump', {
      title: 'Dump all databases',
      needs: ['cluster'],
      timeout: '1d',
      use: dumpCluster,
      with: ({ params: p, outputs: { cluster }, run }) => ({
        user,
        socket: cluster.socket,
        port: cluster.port,
        folder: dumpOf(p, run),
      }),
    });

  const atRest = fragment({ params })
    .step('shutdown', clusterShutDown(inSource))
    .step('remove-dump', {
      title: 'Remove the dump, which the backup holds',
      needs: ['shutdown'],
      idempotent: true,
      commands: ({ params: p, run, sh }) => [sh`rm -rf --one-file-system -- ${dumpOf(p, run)}`],
      undo: () => [],
    })
    .step('rows', {
      title: 'Read every row',
      needs: ['remove-dump', 'shutdown'],
      timeout: '1d',
      use: postgresRows,
      with: ({ params: p, outputs, run }) => ({
        folder: p.source,
        systemIdentifier: outputs.shutdown.systemIdentifier,
        record: rowsOf(run),
      }),
    })
    .step('shutdown-again', {
      needs: ['rows', 'shutdown'],
      ...sameCluster(inSource, (outputs: { readonly shutdown: Cluster }) => outputs.shutdown),
      title: 'It is shut down again, for the last copy',
    });

  const copied = fragment({ params })
    .step('source', {
      ...clusterShutDown(inSource),
      title: 'The old cluster is still at rest',
    })
    .step('same', {
      needs: ['source'],
      ...sameCluster(onDataset, (outputs: { readonly source: Cluster }) => outputs.source),
    })
    .step('wal', {
      title: 'Its WAL goes to a dataset of its own, behind a link',
      needs: ['same'],
      use: walFolder,
      with: ({ params: p }) => ({ folder: onDataset(p), to: walPlace(p) }),
    })
    .step('places', {
      title: 'Which datasets these are',
      needs: ['wal'],
      describe: () => 'find the parent dataset again',
      ...placeHere(service),
    })
    .step('snapshot', {
      title: 'Snapshot both at one moment',
      needs: ['places'],
      use: zfsSnapshot,
      with: ({ outputs, run }) => ({
        datasets: outputs.places.datasets.map(({ dataset }) => dataset),
        name: `migrate-${run.id}-at-rest`,
      }),
    })
    .step('proof', {
      title: 'The snapshots are the cluster that was copied: every row, page and index',
      needs: ['snapshot', 'source'],
      timeout: '1d',
      use: postgresSnapshotProof,
      with: ({ outputs, run }) => ({
        data: outputs.snapshot.snapshots[0] ?? { name: '@', guid: '' },
        wal: outputs.snapshot.snapshots[1] ?? { name: '@', guid: '' },
        systemIdentifier: outputs.source.systemIdentifier,
        like: rowsOf(run),
      }),
    });

  const up = fragment({ params })
    .step('old', {
      // A bind mount shows the new one there.
      when: ({ params: p }) => p.point === 'configuration',
      ...clusterShutDown(inSource),
      title: 'The old one is still shut down',
    })
    .check('lives-there', {
      title: 'It is the same cluster, in the new place',
      needs: ['old'],
      expect: 'the same system identifier and version, the data and the WAL on their datasets',
      run: async ({ host, params: p, outputs }) => {
        const now = await mustLiveThere(host, targetOf(service, p), walPlace(p));
        const before = outputOf(outputs, 'before-cluster', clusterFacts);
        const same = now.systemIdentifier === before.systemIdentifier && now.version === before.version;
        const observed = `cluster ${now.systemIdentifier}, version ${now.version}`;
        return {
          verdict: same ? 'PASS' : 'FAIL',
          observed,
          evidence: { before: before.systemIdentifier, ...now },
        };
      },
    });

  return {
    tools: ['psql', 'pg_dumpall'],
    before: { steps: before, last: ['dump', 'cluster'] },
    backup: dumpOf,
    atRest: { steps: atRest, last: ['shutdown-again'] },
    copied: { steps: copied, last: ['proof'] },
    up: { steps: up, last: ['lives-there'] },
    probes: [answers(service)],
    returns: [{ dataset: wal, into: 'pg_wal' }],
  };
}

function answers(service: Service): SoakProbe<ServiceParams, { readonly place: Placed }> {
  return {
    name: 'the server answers',
    check: async ({ host, params: p }) => {
      const server = await serverIn(host, targetOf(service, p));
      const [row] = await postgresQuery(host, server, 'SELECT 1 AS one');
      return row?.['one'] === 1;
    },
  };
}
