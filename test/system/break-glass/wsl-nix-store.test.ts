import { describe, expect, it } from 'vitest';
import { callMigrate, readRun, rehearse } from '../../../src/rehearsal/rehearse.ts';
import { compareSnapshots } from '../../../src/rehearsal/snapshot-difference.ts';
import type { World } from '../../../src/rehearsal/world.ts';
import type { Json } from '../../../src/runbook/index.ts';
import { anyTime, except, watched } from '../rehearsal/wsl-nix-store-trees.ts';
import { inStoreWorld, isRoot, look, params, shellOf } from '../rehearsal/wsl-nix-store-world.ts';

/**
 * A search path with sh, coreutils, mount and rsync, and what belongs to the machine itself: systemctl
 * and Nix. The fakes of these two are Node programs; they find it by a path of their own, as systemd
 * would find its libraries, and the script cannot.
 */
const bare = '/rescue/bin';
const coreutils =
  'base64 cat chmod chown comm cp cut date du env head id ln ls mkdir mv printf pwd readlink rm rmdir sha256sum sort stat sync tail test touch tr true uname';
const programs = `sh ${coreutils} mount umount unshare rsync`;
const machine = 'systemctl nix-store';
const setUp = `
  set -eu
  mkdir -p ${bare}
  for name in ${programs}; do ln -s "$(PATH=/usr/bin:/bin:/usr/sbin command -v "$name" || :)" ${bare}/"$name" || exit; done
  for name in ${machine}; do
    printf '#!/bin/sh\\nPATH=%s exec %s "$@"\\n' "$PATH" "$(command -v "$name")" >${bare}/"$name"
    chmod +x ${bare}/"$name"
  done`;

interface Stage {
  readonly world: World;
  readonly sh: (script: string) => Promise<string>;
  /** Runs the script as a person would who has no Node. */
  readonly undo: (...args: string[]) => ReturnType<World['run']>;
}

const inWorld = (work: (stage: Stage) => Promise<void>) =>
  inStoreWorld(async (world) => {
    const setup = await world.run(['sh', '-c', setUp]);
    expect(setup).toMatchObject({ exitCode: 0, stderr: '' });
    const rescue = ['/usr/bin/env', '-i', `PATH=${bare}`, `${bare}/sh`, '-c'];
    await work({
      world,
      sh: shellOf(world),
      undo: async (...args) => {
        const none = await world.run([...rescue, 'command -v node nix migrate; echo $?']);
        expect(none.stdout).toBe('127\n');
        return world.run([...rescue, 'exec sh /var/lib/migrate/runs/*/undo.sh "$@"', 'sh', ...args]);
      },
    });
  });

describe.skipIf(!isRoot).concurrent('undo.sh of wsl-nix-store, where there is no Node', () => {
  it.each([
    { state: 'after the files are edited', until: 'keep-boot', reboots: 0 },
    { state: 'killed in the middle of the final copy', crash: 'mid-act:final-copy', reboots: 0 },
    {
      state: 'killed between the switch of the next boot and its checkpoint',
      crash: 'before-checkpoint:next-boot',
      reboots: 0,
    },
    { state: 'while the machine lives on the new store', until: 'store-sound', reboots: 1 },
    { state: 'while the old copy is shown beneath', until: 'boot-path', reboots: 1 },
  ])('finds the starting tree $state', ({ until, crash, reboots }) =>
    inWorld(async (stage) => {
      const { world, undo } = stage;
      const before = await look(stage.world);
      const output: string[] = [];
      const onOutput = (text: string) => output.push(text);
      if (crash === undefined) {
        const forward = await rehearse(world, { runbook: 'wsl-nix-store', params, until, onOutput });
        expect(forward.outcome, output.join('')).toBe('done');
      } else {
        expect(await killedAt(world, crash, onOutput), output.join('')).toBe('SIGKILL');
      }

      const dry = await undo('-n');
      expect(dry, dry.stdout + dry.stderr).toMatchObject({ exitCode: 0 });
      for (let count = 0; count < reboots; count += 1) {
        const waits = await undo('-y');
        expect(waits, waits.stdout + waits.stderr).toMatchObject({ exitCode: 3 });
        // It cannot be talked into going on without a reboot.
        expect(await undo('-y')).toMatchObject({ exitCode: 3 });
        await world.reboot();
      }
      for (const time of ['at first', 'where nothing of it happened']) {
        // Without its marks it does everything again, now that none of it is there.
        await stage.sh('rm -f /var/lib/migrate/runs/*/undo.done');
        const undone = await undo('-y');
        expect(undone, `${time}: ${undone.stdout}${undone.stderr}`).toMatchObject({ exitCode: 0 });
      }
      const after = await look(stage.world);
      const aside = Object.keys(after.tree.entries).find((path) => /\.migrate-dropped-[^/]*$/.test(path));
      expect(compareSnapshots(before.tree, after.tree, kept(aside))).toEqual([]);
      expect({ paths: after.paths, units: after.units }).toEqual({
        paths: before.paths,
        units: before.units,
      });

      const noted = await callMigrate(world, ['rollback', 'wsl-nix-store', '--yes']);
      expect(noted, noted.stdout + noted.stderr).toMatchObject({ exitCode: 0 });
      expect((await readRun(world))?.status).toBe('rolled-back');
      expect(await undo('-y')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('rolled back') });
      expect(compareSnapshots(after.tree, await world.snapshot(watched), kept(aside))).toEqual([]);
    }),
  );
});

/** A copy that was written to since, by Nix at least, is moved aside and never removed. */
function kept(aside: string | undefined) {
  return {
    except: aside === undefined ? except : [...except, aside],
    anyTime: [...anyTime, '/mnt/wsl/storage'],
  };
}

/** Goes forward to a crash, and leaves everything as it is then. */
async function killedAt(
  world: World,
  crash: string,
  onOutput: (text: string) => void,
): Promise<string | null> {
  const start = await callMigrate(world, ['run', 'wsl-nix-store', ...setOf(params), '--yes', '--wait'], {
    crash,
    onOutput,
  });
  return start.signal;
}

function setOf(values: Record<string, Json>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [
    '--set',
    `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ]);
}
