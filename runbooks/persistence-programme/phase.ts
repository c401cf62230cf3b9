import { fragment } from 'migrate-runbook';
import { resticBackup, resticProof } from 'migrate-runbook/operations';
import { earlierStand, missing, phaseDone } from './look.ts';
import { params, type Params } from './params.ts';
import { commandFor, type Phase } from './phases.ts';

/** A proven backup, the work of a phase by runs of its own, the evidence of them, and a place to stop. */
export function stepsOf(phase: Phase) {
  const wanted = ({ params: p }: { readonly params: Params }) => phase.works(p).length > 0;
  const { number, title, hours } = phase;
  return fragment({ params })
    .phase(`Phase ${number}: ${title}`)
    .check('earlier', {
      title: 'What it builds on still stands',
      when: wanted,
      expect: 'the phases before it, by their runs',
      run: ({ host, params: p }) => earlierStand(host, p, phase),
    })
    .step('backup', {
      title: 'Back the configuration up',
      needs: ['earlier'],
      when: wanted,
      timeout: '6h',
      use: resticBackup,
      with: ({ params: p }) => ({
        repository: p.repository,
        password: p.password,
        paths: [p.flake, ...p.alsoBackUp],
        host: p.backupHost,
        tags: ['pre-migration', `phase-${number}`],
      }),
    })
    .step('prove', {
      title: 'Restore a sample of the backup',
      needs: ['backup'],
      when: wanted,
      timeout: '6h',
      use: resticProof,
      with: ({ params: p, outputs, run }) => ({
        repository: p.repository,
        password: p.password,
        snapshot: outputs.backup?.snapshot ?? '',
        seed: `${run.id} ${number}`,
      }),
    })
    .manual('work', {
      title: `${title}, in ${hours[0]}–${hours[1]} hours`,
      needs: ['prove'],
      when: wanted,
      instructions: ({ params: p }) =>
        [
          'In a run of its own each, with what else it asks for:',
          ...phase.works(p).map((work) => `  ${commandFor(work, p.flake)}`),
          'This goes on when they are completed.',
        ].join('\n'),
      probe: async ({ host, params: p }) => {
        const open = await missing(host, p, phase);
        return open.length === 0 || `so far: ${open.join('; ')}`;
      },
    })
    .check('evidence', {
      title: 'It is done',
      needs: ['work'],
      when: wanted,
      expect: 'each of its runs completed, and the backup of what it moved proven',
      run: ({ host, params: p }) => phaseDone(host, p, phase),
    })
    .confirm('stop', {
      title: 'A place to stop',
      needs: ['evidence'],
      when: wanted,
      ask: ({ outputs }) =>
        `${outputs.evidence?.observed ?? ''}. You may stop here for weeks, and go back as each run tells. Shall it go on?`,
    });
}
