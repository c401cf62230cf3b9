import { z } from 'migrate-runbook';
import {
  editFile,
  httpHealth,
  journalIsQuiet,
  nixosRebuild,
  restartUnits,
  startUnits,
} from 'migrate-runbook/operations';
import type { Service } from '../catalogue.ts';
import { backEdits } from '../configuration.ts';
import { targetOf } from '../place.ts';
import { unitsHeld } from '../preflight.ts';
import { releaseUnits } from '../release-units.ts';
import { rebuild, serviceFile } from '../step-inputs.ts';
import { worksThere } from '../works-there.ts';
import type { copyBack } from './copy.ts';

/** The old configuration again; the service up and well in its old folder. */
export function returnTo(service: Service, chain: ReturnType<typeof copyBack>) {
  const { units, health } = service;

  return chain
    .check('at-rest', {
      title: 'Nothing was written to the dataset since',
      needs: ['copied-shutdown'],
      expect: `${units.join(', ')}: down and masked`,
      run: ({ host }) => unitsHeld(host, units),
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
    .step('switch', {
      title: 'Switch to that configuration',
      needs: ['point'],
      timeout: '6h',
      use: nixosRebuild,
      with: ({ params: p }) => rebuild(p),
    })
    .check('still-at-rest', {
      title: 'Nothing was written to the dataset meanwhile',
      needs: ['switch'],
      expect: `${units.join(', ')}: down and masked`,
      run: ({ host }) => unitsHeld(host, units),
    })
    .step('release', {
      title: 'Let it be started again',
      needs: ['still-at-rest'],
      use: releaseUnits,
      with: () => ({ units }),
    })
    .step('moment', {
      title: 'Note the time',
      needs: ['release'],
      readonly: true,
      output: z.object({ since: z.string() }),
      describe: () => 'read the clock',
      run: async ({ host }) => ({ since: new Date(host.clock.now().wall).toISOString() }),
    })
    .step('start', {
      title: 'Start it',
      needs: ['moment'],
      use: startUnits,
      with: () => ({ units }),
    })
    .step('answers', {
      title: 'It answers',
      needs: ['start'],
      when: () => health !== undefined,
      use: httpHealth,
      with: () => ({
        address: health?.address ?? '',
        ...(health?.contains === undefined ? {} : { contains: health.contains }),
        redirects: 5,
        retries: 60,
        every: '1s' as const,
        deadline: '3m' as const,
      }),
    })
    .check('quiet', {
      title: 'No errors in its journal since',
      needs: ['answers', 'moment'],
      expect: 'no errors',
      run: async (context) => {
        for (const unit of units) {
          const found = await journalIsQuiet({ unit, since: context.outputs.moment.since }).run(context);
          if (found.verdict !== 'PASS') return found;
        }
        return { verdict: 'PASS', observed: `no errors of ${units.join(', ')}` };
      },
    })
    .check('in-old-folder', {
      title: 'It works in its old folder, and nowhere else',
      needs: ['quiet'],
      expect: 'every file of its data that it has open is in the old folder',
      run: ({ host, params: p }) =>
        worksThere(host, { units, folder: p.source, names: [p.source, targetOf(service, p)] }),
    })
    .step('job-runs', {
      title: 'Run its backup job once',
      needs: ['in-old-folder'],
      timeout: '1d',
      use: restartUnits,
      with: () => ({ units: [service.backup.unit] }),
    });
}
