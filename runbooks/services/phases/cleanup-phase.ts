import { editFile, nixosRebuild, removeTree } from 'migrate-runbook/operations';
import { targetOf } from '../place.ts';
import { shownNowhere } from '../preflight.ts';
import { resticOf, manifestOf, rebuild } from '../step-inputs.ts';
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
      title: 'Switch to that configuration',
      needs: ['undeclare'],
      when: ({ params: p }) => p.impermanence !== undefined,
      timeout: '6h',
      use: nixosRebuild,
      with: ({ params: p }) => rebuild(p),
    })
    .check('let-go', {
      title: 'Nothing shows the old folder elsewhere',
      needs: ['settle', 'undeclare-switch'],
      expect: 'no mount of it, such as impermanence makes',
      run: ({ host, params: p }) => shownNowhere(host, service, p),
    })
    .step('cleanup', {
      title: 'Delete the old folder',
      needs: ['let-go', 'identity', 'prove-at-rest'],
      irreversible: `the old folder is gone; what is left is the dataset and the proven backup. The way back is then a copy of the dataset, verified: docs/services.md`,
      use: removeTree,
      with: ({ params: p, outputs, run }) => ({
        path: p.source,
        identity: outputs.identity,
        newCopy: targetOf(service, p),
        manifest: manifestOf(run),
        // What a service rotates and deletes while one lives with it.
        missing: 'accept' as const,
        backup: { ...resticOf(p), proof: outputs['prove-at-rest'], maxAge: p.backupMaxAge },
        expendable: (own.expendable ?? []).map((path) => `${p.source}/${path}`),
      }),
    });
}
