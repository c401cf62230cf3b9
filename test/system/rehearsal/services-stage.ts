import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { loadRunbook } from '../../../src/host/runbook-file.ts';
import { callMigrate, goOnRehearsing, rehearse, rehearseRollback } from '../../../src/rehearsal/rehearse.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';
import type { Json } from '../../../src/runbook/index.ts';

export const obstacle =
  process.getuid?.() !== 0
    ? 'they need root'
    : ['/dev/fuse', '/usr/sbin/zfs-fuse'].find((path) => !existsSync(path));
if (obstacle !== undefined) console.log(`rehearsals of services are skipped: ${obstacle}`);

/** A machine with one service, and what an operator does with it. */
export interface Stage {
  readonly world: World;
  readonly sh: (script: string) => Promise<string>;
  readonly said: string[];
  /** To the end, or until a step is done. */
  goOnto(until?: string, params?: Readonly<Record<string, Json>>): Promise<void>;
  goOn(until?: string): Promise<void>;
  goBack(to?: string): Promise<void>;
  /** One call of the program, with what it printed and its exit code. */
  migrate(argv: readonly string[]): Promise<{ readonly exit: number | null; readonly text: string }>;
  /** The arguments of `migrate run` with the rehearsal's parameters and these. */
  run(changes: Readonly<Record<string, Json>>): readonly string[];
}

export async function onStage(service: string, work: (stage: Stage) => Promise<void>): Promise<void> {
  const { runbook } = await loadRunbook(service);
  const plan = runbook.rehearsal ?? {};
  const given = plan.params ?? {};
  const parent = mkdtempSync(join(tmpdir(), `service-${service}-`));
  try {
    await using world = await buildWorld(plan, { parent });
    const said: string[] = [];
    const onOutput = (text: string) => void said.push(text);
    const sh = async (script: string) => (await world.run(['sh', '-c', script])).stdout.trim();
    const to = (until: string | undefined) => (until === undefined ? {} : { until });
    await work({
      world,
      sh,
      said,
      goOnto: async (until, changes = {}) => {
        const params = { ...given, ...changes };
        const report = await rehearse(world, { runbook: service, params, onOutput, ...to(until) });
        expect(report.outcome, said.join('').slice(-3_000)).toBe('done');
      },
      goOn: async (until) => {
        const report = await goOnRehearsing(world, { onOutput, ...to(until) });
        expect(report.outcome, said.join('').slice(-3_000)).toBe('done');
      },
      goBack: async (step) => {
        const report = await rehearseRollback(world, {
          onOutput,
          ...(step === undefined ? {} : { to: step }),
        });
        expect(report.outcome, said.join('').slice(-3_000)).toBe('done');
      },
      migrate: async (argv) => {
        const { exitCode, stdout, stderr } = await callMigrate(world, argv, {});
        said.push(`$ ${argv.join(' ')}\n`, stdout, stderr);
        return { exit: exitCode, text: `${stdout}${stderr}` };
      },
      run: (changes) => [
        'run',
        service,
        '--yes',
        ...Object.entries({ ...given, ...changes }).flatMap(([key, value]) => [
          '--set',
          `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
        ]),
      ],
    });
  } finally {
    expect(readdirSync(parent)).toEqual([]);
    rmSync(parent, { recursive: true, force: true });
  }
}

/** All that a rollback must leave as it was: tree, datasets, mounts, units, configuration, system. */
export const lookAt = async ({ sh }: Stage, service: string) => ({
  // What SQLite keeps beside a database at work is its own.
  tree: await sh(
    // In the folder itself it makes and removes files.
    String.raw`cd /persist/var/lib/${service} && stat -c '%U:%G %a' . && find . -mindepth 1 -not -name '*.db*' -printf '%p %y %m %U:%G %T@\n' | sort && find . -type f -not -name '*.db*' -exec sha256sum {} + | sort`,
  ),
  beside: await sh('ls -A /persist /persist/var/lib'),
  configuration: await sh(
    String.raw`cd /home/admin/nix-config && find . -printf '%p %y %m %U:%G\n' | sort && find . -type f -exec sha256sum {} + | sort`,
  ),
  datasets: await sh('zfs list -H -o name,mountpoint,canmount,recordsize,compression -r tank rpool'),
  snapshots: await sh('zfs list -H -t snapshot -o name -r tank rpool'),
  mounts: await sh('findmnt -rno TARGET,SOURCE -t fuse.zfs,fuse'),
  units: await sh('systemctl list-units --no-legend'),
  masks: await sh('ls -A /run/systemd/system.control 2>/dev/null'),
  system: await sh(
    'readlink -f /run/current-system; readlink -f /nix/var/nix/profiles/system; readlink -f /sbin/init',
  ),
});
