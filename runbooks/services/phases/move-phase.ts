import { z } from 'migrate-runbook';
import {
  copyTree,
  editFile,
  freezeUnits,
  httpHealth,
  journalIsQuiet,
  nixosRebuild,
  resticBackup,
  startUnits,
  verifyTree,
} from 'migrate-runbook/operations';
import { pointEdits } from '../configuration.ts';
import { after, withPart } from '../parts.ts';
import { targetOf } from '../place.ts';
import { unitsHeld } from '../preflight.ts';
import { worksThere } from '../works-there.ts';
import { releaseUnits } from '../release-units.ts';
import { copyOf, resticOf, manifestOf, mountedAs, rebuild, serviceFile } from '../step-inputs.ts';
import type { Moving } from '../moving.ts';
import type { prepareCopy } from './copy-phase.ts';

/** The pause: the last copy, verified; the new configuration; the service up and well at the new place. */
export function moveOver({ service, own, contains }: Moving, chain: ReturnType<typeof prepareCopy>) {
  const { units, health } = service;

  const frozen = chain
    .phase('Move')
    .confirm('stop', {
      title: 'Ready to stop the service',
      needs: ['warm-copy'],
      ask: () => `Shall ${units.join(', ')} stop now, for the last copy?`,
    })
    .step('freeze', {
      title: 'Stop it, and keep it from being started',
      needs: ['stop'],
      use: freezeUnits,
      with: () => ({ units }),
    });

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
      title: 'Copy what changed since',
      needs: ['dataset', 'backup-at-rest'],
      use: copyTree,
      with: ({ params: p, run, outputs }) => ({
        ...copyOf(service, p, run, outputs.dataset),
        pass: 'final' as const,
      }),
    })
    .step('verify-copy', {
      title: 'Read every byte of the copy and compare, with owners and modes',
      needs: ['dataset', 'final-copy'],
      use: verifyTree,
      with: ({ params: p, run, outputs }) => ({
        target: targetOf(service, p),
        manifest: manifestOf(run),
        expectMount: mountedAs(outputs.dataset),
      }),
    });

  return withPart(verified, 'copied', own.copied, ['verify-copy'])
    .check('at-rest', {
      title: 'Nothing was written to the old folder since',
      needs: ['verify-copy', ...after('copied', own.copied)],
      expect: `${units.join(', ')}: down and masked`,
      run: ({ host }) => unitsHeld(host, units),
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
    .step('switch', {
      title: 'Switch to that configuration',
      needs: ['point'],
      timeout: '6h',
      use: nixosRebuild,
      with: ({ params: p }) => rebuild(p),
    })
    .check('still-at-rest', {
      title: 'Nothing was written to the old folder meanwhile',
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
        ...contains,
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
    .check('on-dataset', {
      title: 'It works on its dataset, and nowhere else',
      needs: ['quiet'],
      expect: 'every file of its data that it has open is on the dataset',
      run: ({ host, params: p }) => {
        const folder = targetOf(service, p);
        return worksThere(host, { units, folder, names: [folder, p.source] });
      },
    });
}
