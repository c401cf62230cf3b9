import { editFile } from 'migrate-runbook/operations';
import type { Service } from '../catalogue.ts';
import { backEdits } from '../configuration.ts';
import { serviceFile } from '../step-inputs.ts';
import { isHeldDown, release } from '../steps/pause.ts';
import { runJob } from '../steps/run-job.ts';
import { answers, isQuiet, noteTime, start } from '../steps/start-again.ts';
import { switchOver } from '../steps/switch-over.ts';
import { worksInOldFolder } from '../steps/works-in.ts';
import type { copyBack } from './copy.ts';

/** The old configuration again; the service up and well in its old folder. */
export function returnTo(service: Service, chain: ReturnType<typeof copyBack>) {
  return chain
    .check('at-rest', {
      title: 'Nothing was written to the dataset since',
      needs: ['copied-shutdown'],
      ...isHeldDown(service),
    })
    .step('point', {
      title: 'Point the service and its backup job to the old folder',
      needs: ['place', 'at-rest'],
      use: editFile,
      with: ({ params: p, outputs }) => ({
        path: serviceFile(p),
        replace: backEdits(service, p, outputs.place),
      }),
    })
    .step('switch', { needs: ['point'], ...switchOver() })
    .check('still-at-rest', {
      title: 'Nothing was written to the dataset meanwhile',
      needs: ['switch'],
      ...isHeldDown(service),
    })
    .step('release', { needs: ['still-at-rest'], ...release(service) })
    .step('moment', { needs: ['release'], ...noteTime() })
    .step('start', { needs: ['moment'], ...start(service) })
    .step('answers', { needs: ['start'], ...answers(service) })
    .check('quiet', { needs: ['answers', 'moment'], ...isQuiet(service) })
    .check('in-old-folder', {
      title: 'It works in its old folder, and nowhere else',
      needs: ['quiet'],
      expect: 'every file of its data that it has open is in the old folder',
      run: worksInOldFolder(service),
    })
    .step('job-runs', {
      title: 'Run its backup job once',
      needs: ['in-old-folder'],
      ...runJob(service),
    });
}
