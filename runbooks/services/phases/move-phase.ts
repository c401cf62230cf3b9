import { editFile, resticBackup } from 'migrate-runbook/operations';
import { pointEdits } from '../configuration.ts';
import { after, withPart } from '../parts.ts';
import { ontoDataset, resticOf, serviceFile } from '../step-inputs.ts';
import { copyAtRest, readEveryByte } from '../steps/copy-tree.ts';
import { agreeToStop, isHeldDown, release, stopAndMask } from '../steps/pause.ts';
import { answers, isQuiet, noteTime, start } from '../steps/start-again.ts';
import { switchOver } from '../steps/switch-over.ts';
import { worksOnDataset } from '../steps/works-in.ts';
import type { Moving } from '../moving.ts';
import type { prepareCopy } from './copy-phase.ts';

/** The pause: the last copy, verified; the new configuration; the service up and well at the new place. */
export function moveOver({ service, own }: Moving, chain: ReturnType<typeof prepareCopy>) {
  const frozen = chain
    .phase('Move')
    .confirm('stop', { needs: ['warm-copy'], ...agreeToStop(service) })
    .step('freeze', { needs: ['stop'], ...stopAndMask(service) });

  const verified = withPart(frozen, 'at-rest', own.atRest, ['freeze'])
    .step('backup-at-rest', {
      title: 'Back it up at rest, which alone is proof',
      needs: ['place', 'freeze', ...after('at-rest', own.atRest)],
      use: resticBackup,
      with: ({ params: p, outputs }) => ({
        ...resticOf(p),
        paths: [p.source],
        host: outputs.place.machine,
        tags: ['pre-migration', 'at-rest', service.service],
      }),
    })
    .step('final-copy', {
      needs: ['dataset', 'backup-at-rest'],
      ...copyAtRest(ontoDataset(service)),
    })
    .step('verify-copy', {
      needs: ['dataset', 'final-copy'],
      ...readEveryByte(ontoDataset(service)),
    });

  return withPart(verified, 'copied', own.copied, ['verify-copy'])
    .check('at-rest', {
      title: 'Nothing was written to the old folder since',
      needs: ['verify-copy', ...after('copied', own.copied)],
      ...isHeldDown(service),
    })
    .step('point', {
      title: 'Point the service to the new place',
      needs: ['place', 'at-rest'],
      use: editFile,
      with: ({ params: p, outputs }) => ({
        path: serviceFile(p),
        replace: pointEdits(service, p, outputs.place),
      }),
    })
    .step('switch', { needs: ['point'], ...switchOver() })
    .check('still-at-rest', {
      title: 'Nothing was written to the old folder meanwhile',
      needs: ['switch'],
      ...isHeldDown(service),
    })
    .step('release', { needs: ['still-at-rest'], ...release(service) })
    .step('moment', { needs: ['release'], ...noteTime() })
    .step('start', { needs: ['moment'], ...start(service) })
    .step('answers', { needs: ['start'], ...answers(service) })
    .check('quiet', { needs: ['answers', 'moment'], ...isQuiet(service) })
    .check('on-dataset', {
      title: 'It works on its dataset, and nowhere else',
      needs: ['quiet'],
      expect: 'every file of its data that it has open is on the dataset',
      run: worksOnDataset(service),
    });
}
