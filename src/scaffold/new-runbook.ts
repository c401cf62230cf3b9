import { quoted } from './quoted.ts';

/** The files of a new runbook, by name: itself with its world, and a test that rehearses it. */
export function newRunbook(id: string, summary: string): Readonly<Record<string, string>> {
  return { [`${id}.ts`]: runbookText(id, summary), [`${id}.test.ts`]: testText(id) };
}

function runbookText(id: string, summary: string): string {
  return `import { absolutePath, runbook, z } from 'migrate-runbook';
import { copyTree, verifyTree } from 'migrate-runbook/operations';

const params = z.object({
  from: absolutePath.describe('Folder that moves'),
  to: absolutePath.describe('Where it moves to'),
});

export default runbook(${quoted(id)}, {
  summary: ${quoted(summary)},
  params,
  tools: ['rsync'],
  claims: ({ params: { from, to } }) => [
    { kind: 'path', path: from, role: 'source' },
    { kind: 'path', path: to, role: 'target' },
  ],
  // migrate rehearse ./${id}.ts runs it in this throw-away world; --crash everywhere kills it at every point.
  rehearsal: {
    params: { from: '/srv/photos', to: '/mnt/disk/photos' },
    disks: [
      { name: 'disk', mountPoint: '/mnt/disk', uuid: '7b1f6f0e-3c55-4d0e-9a53-0f4b5a2c8d11', megabytes: 64 },
    ],
    files: { '/srv/photos/2025/harbour.jpg': 'a picture\\n', '/srv/photos/index': 'harbour\\n' },
  },
})
  .phase('Before')
  .check('room', {
    title: 'The target is a disk of its own',
    expect: 'another file system than that of the folder that moves',
    run: async ({ params: { from, to }, host }) => {
      const mounts = await host.mounts();
      const diskOf = (path: string) =>
        mounts
          .filter(({ point }) => point === '/' || path === point || path.startsWith(\`\${point}/\`))
          .toSorted((one, other) => one.point.length - other.point.length)
          .at(-1);
      const [old, next] = [diskOf(from), diskOf(to)];
      return {
        verdict: old?.device === next?.device ? 'FAIL' : 'PASS',
        observed: \`\${from} lies on what is mounted at \${old?.point}, \${to} at \${next?.point}\`,
      };
    },
  })
  .phase('Copy')
  .step('copy', {
    title: 'Copy everything',
    needs: ['room'],
    use: copyTree,
    with: ({ params: { from, to }, run }) => ({
      from,
      to,
      pass: 'final' as const,
      manifest: \`\${run.folder}/manifest\`,
    }),
  })
  .step('verify', {
    title: 'Verify every byte on its disk',
    needs: ['copy'],
    use: verifyTree,
    with: ({ params: { to }, outputs: { copy }, run }) => ({
      target: to,
      manifest: \`\${run.folder}/manifest\`,
      digest: copy.manifest?.sha256,
    }),
  })
  .phase('Switch')
  .confirm('go', { needs: ['verify'], ask: 'The copy is verified. Shall it be used from now on?' })
  .step('note', {
    title: 'Leave a note where the folder was read from',
    needs: ['go'],
    // Chosen before the act, and there again when it must be taken back.
    capture: ({ params: { from } }) => ({ file: \`\${from}.moved\` }),
    probe: async ({ captured, host }) =>
      (await host.files.stat(captured.file)) === undefined ? 'not-started' : 'done',
    commands: ({ captured, sh }) => [sh\`touch \${captured.file}\`],
    undo: ({ captured, sh }) => [sh\`rm -f \${captured.file}\`],
  });
`;
}

function testText(id: string): string {
  return `import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

// node --test ${id}.test.ts
const file = join(import.meta.dirname, ${quoted(`${id}.ts`)});
const migrate = (...args: readonly string[]) => execFileSync('migrate', args, { stdio: 'inherit' });

test('it comes to its end in its world', () => {
  migrate('rehearse', file);
});

test('it survives a crash at every point of every step, forward and back', () => {
  migrate('rehearse', file, '--crash', 'everywhere');
});
`;
}
