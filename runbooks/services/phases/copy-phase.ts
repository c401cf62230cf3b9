import { copyPreview, resticBackup, resticProof, zfsDataset } from 'migrate-runbook/operations';
import { withFurtherDatasets } from '../further-datasets.ts';
import { after, withPart } from '../parts.ts';
import { targetOf } from '../place.ts';
import { dataAmong, mountedAs, ontoDataset, resticOf } from '../step-inputs.ts';
import { copyAtWork } from '../steps/copy-tree.ts';
import type { Moving } from '../moving.ts';
import type { beginPreflight } from './preflight-phase.ts';

/** A backup, the datasets, and a first copy while the service is at work. */
export function prepareCopy({ service, own }: Moving, chain: ReturnType<typeof beginPreflight>) {
  const prepared = withPart(chain, 'before', own.before, ['identity'])
    .phase('Backup')
    .step('backup', {
      title: 'Back it up, while it is at work',
      needs: ['place', 'identity', ...after('before', own.before)],
      use: resticBackup,
      with: ({ params: p, outputs, run }) => ({
        ...resticOf(p),
        paths: [own.backup?.(p, run) ?? p.source],
        host: outputs.place.machine,
        tags: ['pre-migration', service.service],
      }),
    })
    .step('prove-backup', {
      title: 'Restore a sample of the backup',
      needs: ['backup'],
      use: resticProof,
      with: ({ params: p, outputs, run }) => ({
        ...resticOf(p),
        snapshot: outputs.backup.snapshot,
        seed: run.id,
      }),
    })

    .phase('Copy')
    .step('dataset', {
      title: 'Its dataset',
      needs: ['place', 'prove-backup'],
      use: zfsDataset,
      with: ({ params: p, outputs }) => {
        const { dataset, mountPoint, properties } = dataAmong(outputs.place);
        return { dataset, mountPoint, properties, drift: p.drift };
      },
    });
  const withDatasets = withFurtherDatasets(prepared, service);

  return withDatasets.chain
    .step('fits', {
      title: 'It fits: bytes and inodes',
      needs: ['dataset', ...withDatasets.ids],
      use: copyPreview,
      with: ({ params: p, outputs }) => ({
        from: p.source,
        to: targetOf(service, p),
        expectMount: mountedAs(outputs.dataset),
      }),
    })
    .step('warm-copy', { needs: ['dataset', 'fits'], ...copyAtWork(ontoDataset(service)) });
}
