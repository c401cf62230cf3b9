import { expect, test } from 'vitest';
import { runbook, secret, sh, z } from '../../src/index.ts';
import * as operations from '../../src/operations/index.ts';
import { validate } from '../../src/runbook/validate.ts';

const uuid = '3f1c9c0e-0000-4000-8000-000000000000';

/** Every operation of this folder once, with its outputs flowing on; the compiler reads it too. */
const all = runbook('every-operation', {
  summary: 'Uses each operation',
  params: z.object({ password: secret('of the repository') }),
})
  .step('disk', { use: operations.requireMount, with: () => ({ point: '/mnt/ssd', uuid, writable: true }) })
  .step('command', { use: operations.command, with: () => ({ commands: [sh`true`], undo: [] }) })
  .step('probed', {
    use: operations.probedCommand,
    with: () => ({ commands: [sh`true`], probe: { command: sh`true` }, undo: [sh`true`] }),
  })
  .step('before', { use: operations.forcedBuildBenchmark, with: () => ({ runs: 2 }) })
  .step('backup', {
    use: operations.resticBackup,
    with: ({ params }) => ({
      repository: '/srv/restic',
      password: params.password,
      paths: ['/nix'],
      host: 'thinky',
    }),
  })
  .step('proof', {
    needs: ['backup'],
    use: operations.resticProof,
    with: ({ params, outputs, run }) => ({
      repository: '/srv/restic',
      password: params.password,
      snapshot: outputs.backup.snapshot,
      seed: run.id,
    }),
  })
  .step('freeze', {
    use: operations.freezeUnits,
    with: () => ({ units: ['nix-daemon.socket', 'nix-daemon.service'] }),
  })
  .step('verify', { use: operations.nixStoreVerify, with: () => ({ folder: '/mnt/ssd/nix', like: '/nix' }) })
  .step('edit', {
    use: operations.editFile,
    with: () => ({ path: '/etc/nixos/default.nix', replace: { from: 'a = false;', to: 'a = true;' } }),
  })
  .step('append', { use: operations.appendToFile, with: () => ({ path: '/etc/fstab', text: '# x' }) })
  .step('rebuild', {
    effective: 'at-boot',
    use: operations.nixosRebuild,
    with: ({ run }) => ({ flake: `${run.folder}/flake`, host: 'thinky', action: 'boot' }),
  })
  .step('bind', {
    use: operations.bindMount,
    with: () => ({ from: '/mnt/ssd/nix', to: '/nix', expectUuid: uuid }),
  })
  .step('start', { use: operations.startUnits, with: () => ({ units: ['nix-daemon.socket'] }) })
  .step('restart', { use: operations.restartUnits, with: () => ({ units: ['nix-gc.service'] }) })
  .step('collect', { use: operations.nixGarbageProof, with: () => ({}) })
  .check('sound', {
    needs: ['before', 'proof', 'verify', 'rebuild', 'bind', 'collect', 'disk'],
    expect: 'typed outputs',
    run: ({ outputs }) => ({
      verdict: outputs.proof.proven && outputs.before.medianMs > 0 ? 'PASS' : 'FAIL',
      observed: `${outputs.verify.paths} ${outputs.rebuild.system} ${outputs.bind.mount} ${outputs.collect.path} ${outputs.disk.source}`,
    }),
  });

test('every operation is one that a runbook can load, and says how it is undone', () => {
  const { nodes } = validate(all, 'this test');
  const reversals = nodes.flatMap((node) =>
    node.kind === 'step' ? [[node.operation?.name, node.reversal]] : [],
  );
  expect(Object.fromEntries(reversals)).toEqual({
    'require-mount': 'readonly',
    command: 'undo',
    'probed-command': 'undo',
    'forced-build-benchmark': 'undo',
    'restic-backup': 'undo',
    'restic-proof': 'readonly',
    'freeze-units': 'undo',
    'nix-store-verify': 'readonly',
    'edit-file': 'undo',
    'append-to-file': 'undo',
    'nixos-rebuild': 'undo',
    'bind-mount': 'undo',
    'start-units': 'undo',
    'restart-units': 'undo',
    'nix-garbage-proof': 'undo',
  });
});

test('an input with a word too many, or a path that is not plain, is refused', () => {
  const { bindMount, requireMount, editFile } = operations;
  expect(bindMount.input.safeParse({ from: '/a', to: '/b', readonly: true }).success).toBe(false);
  expect(bindMount.input.safeParse({ from: '/a/../b', to: '/c' }).success).toBe(false);
  expect(bindMount.input.safeParse({ from: '/a/b', to: '/a' }).success).toBe(false);
  expect(bindMount.input.safeParse({ from: '/a', to: '/a', readOnly: true }).success).toBe(true);
  expect(requireMount.input.safeParse({ point: 'mnt/ssd', uuid }).success).toBe(false);
  expect(editFile.input.safeParse({ path: '/a', replace: { from: '', to: 'x' } }).success).toBe(false);
});
