import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { NixosPodmanPlan, RehearsalPlan } from '../runbook/index.ts';
import type { WorldLayout } from './layout.ts';
import { fixture } from './package-root.ts';
import type { RunResult } from './protocol.ts';
import { WorldError } from './world-error.ts';

const schema = z.strictObject({
  flake: z.string().startsWith('/'),
  host: z.string().regex(/^[\w-]+$/),
  traits: z.array(z.string()).optional(),
});

/** Whose the stacks are, in every world of this kind. */
const owner = { user: 'admin', uid: 1000 };

/**
 * The machine of a plan; undefined when it has none.
 *
 * @throws UsageError `world.plan` when the plan is no such machine; WorldError `world.needs-root`
 */
export function nixosPodmanMachine(
  { nixosPodman: plan }: RehearsalPlan,
  options: { readonly disks?: 'auto' | 'folders' },
): NixosPodmanPlan | undefined {
  if (plan === undefined) return undefined;
  const read = schema.safeParse(plan);
  if (!read.success) {
    throw new UsageError(
      'world.plan',
      `the rehearsal's podman machine does not fit:\n${z.prettifyError(read.error)}`,
      'docs/rehearsal.md says what nixosPodman has.',
    );
  }
  if (process.getuid?.() === 0 && options.disks !== 'folders') return plan;
  throw new WorldError(
    'world.needs-root',
    'this world has units of another user, which only root can have',
    'Run it as root: sudo migrate rehearse …',
  );
}

/**
 * Lays out a machine with stacks of rootless podman in a world that has booted with the plain init.
 *
 * @throws WorldError `world.install` when one of the commands fails
 */
export async function installNixosPodman(installation: {
  readonly layout: WorldLayout;
  readonly machine: NixosPodmanPlan;
  readonly run: (argv: readonly string[]) => Promise<RunResult>;
}): Promise<void> {
  const { layout, machine, run } = installation;
  // By it the world's programs know what kind of machine it is.
  writeFileSync(join(layout.shared, 'nixos.json'), JSON.stringify({ machine: 'nixos-podman' }));
  const given = { ...owner, flake: machine.flake, host: machine.host, traits: machine.traits ?? [] };
  for (const script of ['install.js', 'containers.js']) {
    const result = await run(['node', fixture('nixos-podman', 'lib', script), JSON.stringify(given)]);
    if (result.exitCode === 0) continue;
    throw new WorldError(
      'world.install',
      `the world's podman machine could not be laid out (exit ${result.exitCode}):\n${result.stderr.split('\n').slice(-15).join('\n')}`,
    );
  }
}
