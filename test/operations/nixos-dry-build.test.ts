import { expect, test } from 'vitest';
import { nixosDryBuild } from '../../src/operations/index.ts';
import { drive } from './drive.ts';
import { fakeProgram } from './nix-world.ts';

const given = { flake: '/etc/nixos', host: 'forge' };

test('a dry build tells what would be built, and not what would be fetched', async () => {
  fakeProgram(
    'nixos-rebuild',
    `#!/bin/sh
[ "$*" = 'dry-build --flake /etc/nixos#forge' ] || exit 2
cat >&2 <<'SAID'
building the system configuration...
these 2 derivations will be built:
  /nix/store/aaa-unit-zfs-service-datasets.service.drv
  /nix/store/bbb-nixos-system-forge.drv
these 3 paths will be fetched (1.00 MiB download, 2.00 MiB unpacked):
  /nix/store/ccc-hello
SAID
`,
  );
  const step = await drive(nixosDryBuild, given);
  expect(await step.act()).toEqual({
    toBuild: [
      '/nix/store/aaa-unit-zfs-service-datasets.service.drv',
      '/nix/store/bbb-nixos-system-forge.drv',
    ],
  });
});

test('a dry build of what is built already tells nothing, and of what does not evaluate why', async () => {
  fakeProgram('nixos-rebuild', '#!/bin/sh\necho "building the system configuration..." >&2\n');
  expect(await (await drive(nixosDryBuild, given)).act()).toEqual({ toBuild: [] });
  fakeProgram('nixos-rebuild', '#!/bin/sh\necho "error: undefined variable" >&2\nexit 1\n');
  await expect((await drive(nixosDryBuild, given)).act()).rejects.toThrow('undefined variable');
});
