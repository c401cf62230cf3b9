import { editFile, removeTree } from 'migrate-runbook/operations';
import { leaveOldCopy } from '../../beneath/old-copy.ts';
import { backCommand } from '../back/command.ts';
import { beneathFolder, oldFolder } from '../old-folder.ts';
import { targetOf } from '../place.ts';
import { shownNowhere } from '../preflight.ts';
import { resticOf, manifestOf } from '../step-inputs.ts';
import { isBeneath, placeBeneath, reachBeneath } from '../steps/beneath-mount.ts';
import { switchOver } from '../steps/switch-over.ts';
import type { Moving } from '../moving.ts';
import type { proveMove } from './proof-phase.ts';

/** The old folder goes, with evidence and consent. */
export function cleanUp({ service, own }: Moving, chain: ReturnType<typeof proveMove>) {
  return chain
    .phase('Clean up')
    .step('undeclare', {
      title: 'Take the declaration away that binds the old folder elsewhere',
      needs: ['settle'],
      when: ({ params: p }) => p.impermanence !== undefined,
      use: editFile,
      with: ({ params: p }) => ({
        path: `${p.flake}/${p.impermanence?.file}`,
        replace: { from: p.impermanence?.text ?? '', to: '' },
      }),
    })
    .step('undeclare-switch', {
      needs: ['undeclare'],
      when: ({ params: p }) => p.impermanence !== undefined,
      ...switchOver(),
    })
    .check('let-go', {
      title: 'Nothing shows the old folder elsewhere',
      needs: ['identity', 'settle', 'undeclare-switch'],
      expect: 'no mount of it, such as impermanence makes',
      run: ({ host, params: p, outputs }) => shownNowhere(host, service, p, outputs.identity),
    })
    .step('way-back', {
      title: 'Note the way that is left once the old folder is gone',
      needs: ['let-go'],
      readonly: true,
      idempotent: true,
      describe: ({ params: p }) => [backCommand(service, p)],
      run: async () => {},
      lastResort: ({ params: p }) => [
        'the data, copied back from the dataset, verified, and the service pointed to it; the dataset is kept:',
        backCommand(service, p),
        ...(p.impermanence === undefined
          ? []
          : [`and what was taken away of ${p.flake}/${p.impermanence.file} is put back by hand, afterwards`]),
      ],
    })
    .step('beneath', { needs: ['way-back'], ...placeBeneath(service) })
    .step('reach-beneath', { needs: ['beneath'], ...reachBeneath(service) })
    .step('cleanup', {
      title: 'Delete the old folder',
      needs: ['let-go', 'reach-beneath', 'identity', 'prove-at-rest'],
      irreversible: `the old folder is gone; what is left is the dataset and the proven backup. The way back is then a copy of the dataset, verified: migrate run ${service.service}-back`,
      use: removeTree,
      with: ({ params: p, outputs, run }) => ({
        path: oldFolder(service, p),
        identity: outputs.identity,
        newCopy: targetOf(service, p),
        manifest: manifestOf(run),
        // What a service rotates and deletes while one lives with it.
        missing: 'accept' as const,
        backup: { ...resticOf(p), proof: outputs['prove-at-rest'], maxAge: p.backupMaxAge },
        expendable: (own.expendable ?? []).map((path) => `${oldFolder(service, p)}/${path}`),
        // The bind mount needs it.
        leaveFolder: p.point === 'bind-mount',
      }),
    })
    .step('leave-beneath', {
      title: 'Let go of what lies beneath',
      needs: ['cleanup'],
      when: isBeneath,
      use: leaveOldCopy,
      with: () => ({ folder: beneathFolder(service) }),
    });
}
