import { describe, expect, test } from 'vitest';
import { moduleText } from '../../runbooks/system-disk-impermanence/module.ts';
import { newHardware } from '../../runbooks/system-disk-impermanence/nix-text.ts';
import { layoutOf, machine } from '../../runbooks/system-disk-impermanence/params.ts';
import { partitionLayout } from '../../src/operations/disks/layout.ts';
import { planPartitions } from '../../src/operations/disks/plan-partitions.ts';

const p = machine.parse({ flake: '/home/sinh/nixcfg', oldDisk: 'OLD-1', backupRepository: '/mnt/nas' });
const ids = { esp: 'AAAA-BBBB', nix: 'nix-uuid', persist: 'persist-uuid', swap: 'swap-uuid' };

describe('the hardware configuration', () => {
  const text = `{ config, lib, ... }:
{
  boot.initrd.availableKernelModules = [ "nvme" ]; # found by hand
  fileSystems."/" = {
    device = "/dev/disk/by-uuid/old"; # with a } in a comment
    fsType = "ext4";
  };
  fileSystems."/mnt/data" = { device = "/dev/disk/by-uuid/data"; fsType = "xfs"; };
  fileSystems."/boot/efi" =
    { device = "/dev/disk/by-uuid/0000-0000";
      fsType = "vfat";
      options = [ "x = \\"};\\"" ];
    };
  swapDevices = [ { device = "/dev/disk/by-uuid/oldswap"; } ];
  hardware.cpu.intel.updateMicrocode = true;
}
`;

  test('gets the new file systems in place of the old ones, and keeps all else', () => {
    const { text: now, removed } = newHardware(text, p, ids);
    expect(removed).toHaveLength(3);
    for (const gone of ['by-uuid/old"', '0000-0000', 'oldswap']) expect(now).not.toContain(gone);
    for (const kept of ['"nvme" ]; # found by hand', 'by-uuid/data', 'updateMicrocode = true;']) {
      expect(now).toContain(kept);
    }
    for (const wanted of ['"size=4G" "mode=755"', 'AAAA-BBBB', 'neededForBoot = true', '"noatime"']) {
      expect(now).toContain(wanted);
    }
    expect(now).toContain('boot.resumeDevice = "/dev/disk/by-uuid/swap-uuid"');
    expect(now.match(/fileSystems\."\/"/g)).toHaveLength(1);
  });

  test('that is edited twice is what it was edited once', () => {
    const once = newHardware(text, p, ids).text;
    expect(
      newHardware(once.replace(/ {2}boot\.resumeDevice.*\n/, ''), p, ids).text.replaceAll(/\s+/g, ' '),
    ).toContain('fsType = "tmpfs"');
  });

  test('without a block for the root is refused', () => {
    expect(() => newHardware('{ }', p, ids)).toThrow(/no block/);
    expect(() => newHardware(`${text}\nfileSystems = {};`, p, ids)).toThrow(/one set/);
  });
});

test('the module has its imports at the top, and names every entry of the inventory once', () => {
  const text = moduleText(p);
  expect(text).toMatch(/^\{ inputs, \.\.\. \}:\n\{\n {2}imports = \[/);
  expect(text).not.toContain('mkIf');
  for (const path of [
    '"/var/lib/docker"',
    '"/etc/machine-id"',
    '".config/git"',
    '".local/state"',
    '".config/monitors.xml"',
  ]) {
    expect(text.split(path).length - 1, path).toBe(1);
  }
});

test('the plan fits a real disk of 2 TB', () => {
  const layout = partitionLayout.parse(layoutOf(p));
  const planned = planPartitions(layout, { bytes: 2_000_398_934_016, sectorBytes: 512 });
  expect(planned.map(({ name }) => name)).toEqual(['esp', 'nix', 'persist', 'swap']);
});
