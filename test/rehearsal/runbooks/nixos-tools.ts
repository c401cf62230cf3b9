import { runbook, z } from 'migrate-runbook';
import {
  forcedBuildBenchmark,
  freezeUnits,
  nixGarbageProof,
  nixosRebuild,
  nixStoreVerify,
} from 'migrate-runbook/operations';

/** The operations for Nix, NixOS and units, each once, with nothing between them. */
export default runbook('nixos-tools', {
  summary: 'Tries what a NixOS-WSL machine offers',
  params: z.object({}),
})
  .step('verify', { use: nixStoreVerify, with: () => ({ folder: '/nix' }) })
  .step('benchmark', {
    needs: ['verify'],
    use: forcedBuildBenchmark,
    with: () => ({ runs: 2, mebibytes: 1 }),
  })
  .step('garbage', { needs: ['benchmark'], use: nixGarbageProof, with: () => ({}) })
  .step('freeze', {
    needs: ['garbage'],
    use: freezeUnits,
    with: () => ({
      units: ['nix-daemon.socket', 'nix-daemon.service', 'nix-gc.timer'],
      optional: ['nix-absent.timer'],
    }),
  })
  .step('edit', {
    needs: ['freeze'],
    commands: ({ sh }) => [
      sh`sed -i ${'s/label = "2"/label = "3"/'} /home/admin/nixcfg/hosts/thinky-nixos/default.nix`,
    ],
    idempotent: true,
    undo: ({ sh }) => [
      sh`sed -i ${'s/label = "3"/label = "2"/'} /home/admin/nixcfg/hosts/thinky-nixos/default.nix`,
    ],
  })
  .step('rebuild', {
    needs: ['edit'],
    use: nixosRebuild,
    effective: 'at-boot',
    with: () => ({ flake: '/home/admin/nixcfg', host: 'thinky-nixos', action: 'boot' as const }),
  })
  .reboot('restart', { needs: ['rebuild'], instructions: 'wsl --shutdown' });
