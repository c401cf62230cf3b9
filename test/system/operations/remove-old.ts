import { runbook, z } from 'migrate-runbook';
import { copyTree, identifyTree, removeTree, verifyTree } from 'migrate-runbook/operations';

const manifest = ({ folder }: { folder: string }) => `${folder}/manifest`;

/** A move in miniature: what is left to do after `verify` is to delete the old copy. */
export default runbook('remove-old', {
  summary: 'Copy a tree, and delete the old one',
  params: z.object({ old: z.string(), copy: z.string(), keep: z.string().optional() }),
})
  .step('identity', { use: identifyTree, with: ({ params }) => ({ path: params.old }) })
  .step('copy', {
    needs: ['identity'],
    use: copyTree,
    with: ({ params, run }) => ({
      from: params.old,
      to: params.copy,
      pass: 'final' as const,
      manifest: manifest(run),
    }),
  })
  .step('verify', {
    needs: ['copy'],
    use: verifyTree,
    with: ({ params, run }) => ({ target: params.copy, manifest: manifest(run) }),
  })
  .step('cleanup', {
    needs: ['identity', 'verify'],
    irreversible: 'the old copy is gone',
    use: removeTree,
    with: ({ params, outputs, run }) => ({
      path: params.old,
      identity: outputs.identity,
      newCopy: params.copy,
      manifest: manifest(run),
      verification: outputs.verify,
      maxAge: '1h' as const,
      keep: params.keep === undefined ? [] : [params.keep],
      backup: 'none: this is a test',
    }),
  });
