import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nixosRebuild } from '../../src/operations/index.ts';
import { temporaryFolder } from '../host/folder.ts';
import { drive, preview } from './drive.ts';
import { fakeProgram, liveStore, withoutNix } from './nix-world.ts';

/**
 * A flake folder whose content is the system, a real Nix store and profile, and a fake nixos-rebuild:
 * no NixOS can be built here.
 */
function world() {
  const root = liveStore();
  const profile = join(root, 'var/nix/profiles/system');
  const flake = temporaryFolder();
  const boots = join(root, 'boots');
  const configure = (name: string) => writeFileSync(join(flake, 'system'), name);
  const quiet = {
    stdio: ['ignore', 'pipe', 'ignore'] as ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8' as const,
  };
  fakeProgram(
    'nixos-rebuild',
    `#!/bin/sh
set -eu
[ "$2" = --flake ] && [ "$3" = '${flake}#thinky' ]
made=$(mktemp -d)
mkdir -p "$made/nixos-system/bin"
cp '${flake}/system' "$made/nixos-system/name"
printf '#!/bin/sh\\necho "$(dirname "$0")/.. $1" >> ${boots}\\n' > "$made/nixos-system/bin/switch-to-configuration"
chmod +x "$made/nixos-system/bin/switch-to-configuration"
system=$(nix-store --add "$made/nixos-system")
rm -rf "$made"
if [ "$1" = build ]; then
  nix-store --realise "$system" --add-root ./result
else
  [ "$1" = boot ] || [ "$1" = switch ]
  nix-env --profile '${profile}' --set "$system"
  if [ -e '${root}/die-before-boot-loader' ]; then kill -9 $$; fi
  "$system/bin/switch-to-configuration" "$1"
fi
`,
  );
  mkdirSync(join(root, 'var/nix/profiles'), { recursive: true });
  configure('old');
  execFileSync('nixos-rebuild', ['boot', '--flake', `${flake}#thinky`], quiet);
  configure('new');
  rmSync(boots);
  const name = () => readFileSync(join(profile, 'name'), 'utf8');
  const given = { flake, host: 'thinky', action: 'boot' as const, profile };
  return { root, flake, profile, boots, configure, name, given };
}

test(
  'a rebuild for the next boot sets the profile to what was built, and its undo sets it back',
  { skip: withoutNix },
  async () => {
    const { profile, boots, name, given } = world();
    const old = realpathSync(profile);
    expect((await preview(nixosRebuild, given)).facts).toEqual({ generation: 1, system: old });
    const step = await drive(nixosRebuild, given);
    expect(await step.probe()).toBe('not-started');
    const output = await step.act();
    expect(output).toEqual({ system: realpathSync(profile), generation: 2 });
    expect(name()).toBe('new');
    expect(await step.probe()).toBe('partial');

    await step.undo();
    expect(name()).toBe('old');
    expect(await step.probe()).toBe('not-started');
    expect(readFileSync(boots, 'utf8').trim().split('\n').at(-1)).toBe(`${old}/bin/.. boot`);
    await step.undo();
    expect(name()).toBe('old');
  },
);

test.each([
  ['at the next boot, unless it is told otherwise', {}, 'boot'],
  ['at once, where it is told so', { back: 'now' as const }, 'switch'],
])('a switch is taken back %s', { skip: withoutNix }, async (_, options, action) => {
  const { profile, boots, name, given } = world();
  const old = realpathSync(profile);
  const step = await drive(nixosRebuild, { ...given, action: 'switch', ...options });
  await step.act();
  await step.undo();
  expect(name()).toBe('old');
  expect(readFileSync(boots, 'utf8').trim().split('\n').slice(-2)).toEqual([
    `${old}/bin/.. ${action}`,
    `${old}/bin/.. boot`,
  ]);
});

test(
  'the previous system outlives a garbage collection that deletes its generation',
  { skip: withoutNix },
  async () => {
    const { profile, name, given } = world();
    const step = await drive(nixosRebuild, given);
    await step.act();
    execFileSync('nix-env', ['--profile', profile, '--delete-generations', 'old'], { stdio: 'ignore' });
    execFileSync('nix-store', ['--gc'], { stdio: 'ignore' });
    await step.undo();
    expect(name()).toBe('old');
  },
);

test(
  'a rebuild that died before the boot loader was written is found partial, and ends when run again',
  { skip: withoutNix },
  async () => {
    const { root, boots, given } = world();
    const step = await drive(nixosRebuild, given);
    writeFileSync(join(root, 'die-before-boot-loader'), '');
    await expect(step.act()).rejects.toMatchObject({ code: 'command.failed' });
    expect(await step.probe()).toBe('partial');
    rmSync(join(root, 'die-before-boot-loader'));
    await step.act();
    expect(readFileSync(boots, 'utf8')).toContain(' boot');
  },
);

test(
  'a profile that somebody else has set meanwhile is neither done nor taken back',
  { skip: withoutNix },
  async () => {
    const { profile, flake, configure, given } = world();
    const step = await drive(nixosRebuild, given);
    const output = await step.act();
    configure('somebody else');
    execFileSync('nixos-rebuild', ['boot', '--flake', `${flake}#thinky`], { stdio: 'ignore' });
    expect(await step.probe()).toEqual({ unknown: expect.stringContaining(realpathSync(profile)) });
    await expect(step.verify(output)).rejects.toMatchObject({ code: 'nixos.other-system' });
  },
);

test('two rebuilds in one run are undone one after the other', { skip: withoutNix }, async () => {
  const { configure, name, given } = world();
  const run = { folder: temporaryFolder() };
  const first = await drive(nixosRebuild, given, { run });
  await first.act();
  configure('newer');
  const second = await drive(nixosRebuild, given, { run });
  await second.act();
  expect(name()).toBe('newer');
  await second.undo();
  expect(await first.probe()).toBe('partial');
  await first.undo();
  expect(name()).toBe('old');
});

test(
  'a build leaves the profile alone and its result in the run’s folder; its undo takes only that',
  { skip: withoutNix },
  async () => {
    const { profile, name, given } = world();
    const step = await drive(nixosRebuild, { ...given, action: 'build' });
    const output = await step.act();
    expect(name()).toBe('old');
    expect(readlinkSync(profile)).toBe('system-1-link');
    expect(await step.probe()).toEqual({ done: output });
    await step.undo();
    expect(await step.probe()).toBe('not-started');
    expect(existsSync(output.system)).toBe(true);
  },
);

test(
  'a machine without a system profile is refused before anything is built',
  { skip: withoutNix },
  async () => {
    const { given } = world();
    await expect(drive(nixosRebuild, { ...given, profile: '/nowhere/system' })).rejects.toMatchObject({
      code: 'nixos.no-profile',
    });
    expect(nixosRebuild.input.safeParse({ ...given, flake: '.' }).success).toBe(false);
    expect(nixosRebuild.input.safeParse({ ...given, flake: '/flake#host' }).success).toBe(false);
  },
);
