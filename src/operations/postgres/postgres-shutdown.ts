import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { absolutePath, operation, type Host } from '../../runbook/index.ts';
import { serverUser, systemUser } from './access.ts';
import { postgresControl } from './control-data.ts';
import { livingPostmaster } from './postmaster.ts';

export const stoppedCluster = {
  /** The data folder. */
  folder: absolutePath,
  /** System user that owns it; `postgres` when left out. */
  user: systemUser.optional(),
  /** Folder of the server's programs; found by the cluster's version when left out. */
  programs: absolutePath.optional(),
};

const input = z.strictObject({
  ...stoppedCluster,
  /** The cluster that it must be. */
  systemIdentifier: z
    .string()
    .regex(/^\d{1,20}$/)
    .optional(),
});

export const shutdownFacts = z.object({
  version: z.string(),
  systemIdentifier: z.string(),
  checkpoint: z.string(),
  walFile: z.string(),
  timeline: z.number(),
  checksums: z.boolean(),
});

/**
 * Proves that a cluster is at rest: no server works in it, its control file says that it was shut down
 * cleanly, and the server would accept the folder's mode and owner. Only reads.
 *
 * Output: `version`, `systemIdentifier`, `checkpoint`, `walFile`, `timeline`, `checksums`.
 * @throws StepError `postgres.no-cluster`, `postgres.control-damaged`, `postgres.running`,
 *   `postgres.not-shut-down`, `postgres.mode`, `postgres.owner`, `postgres.other-cluster`
 */
export const postgresShutdown = operation({
  operation: 'postgres-shutdown',
  version: 1,
  reversal: 'readonly',
  input,
  output: shutdownFacts,
  idempotent: true,
  preview: async ({ host, input }) => {
    const { state, systemIdentifier } = await postgresControl(host, { ...input, user: serverUser(input) });
    return { summary: `the cluster is ${state}`, facts: { state, systemIdentifier } };
  },
  describe: ({ input }) => `prove that the cluster in ${input.folder} is shut down`,
  run: ({ host, input }) => mustBeShutDown(host, input),
});

/** @throws StepError as `postgresShutdown` */
export async function mustBeShutDown(
  host: Host,
  given: z.output<typeof input>,
): Promise<z.output<typeof shutdownFacts>> {
  const user = serverUser(given);
  const folder = (await host.files.realPath(given.folder)) ?? given.folder;
  const pid = await livingPostmaster(host, folder);
  if (pid !== undefined) {
    throw new StepError(
      'postgres.running',
      `the cluster in ${given.folder} is in use by the server with the process number ${pid}`,
      'Stop its unit first.',
    );
  }
  const control = await postgresControl(host, { ...given, folder, user });
  if (control.state !== 'shut down') {
    throw new StepError(
      'postgres.not-shut-down',
      `the cluster in ${given.folder} was not shut down cleanly: its state is "${control.state}"`,
      'Start the server, let it recover, and stop it again; then run the step once more.',
    );
  }
  await mustBePrivate(host, folder, user);
  if (given.systemIdentifier !== undefined && given.systemIdentifier !== control.systemIdentifier) {
    throw new StepError(
      'postgres.other-cluster',
      `${given.folder} holds the cluster ${control.systemIdentifier}, and ${given.systemIdentifier} is expected`,
      'See which data folder the server uses; an empty one may have been initialised anew.',
    );
  }
  const { state: _, ...facts } = control;
  return { version: ((await host.files.read(`${folder}/PG_VERSION`)) ?? '').trim(), ...facts };
}

/**
 * The server refuses a data folder of another mode or owner, and takes 0750 only for a cluster that was
 * made so. On a dataset of its own, these are the mount point's.
 */
export async function mustBePrivate(host: Host, folder: string, user: string): Promise<void> {
  const found = await host.files.stat(folder);
  if (found?.mode !== 0o700 && found?.mode !== 0o750) {
    const mode = found === undefined ? 'absent' : `0${found.mode.toString(8)}`;
    throw new StepError(
      'postgres.mode',
      `${folder} is ${mode}, and PostgreSQL accepts 0700 or 0750 only`,
      `Set it while the server is stopped: chmod 0700 ${folder}`,
    );
  }
  const uid = Number((await host.exec({ argv: ['id', '-u', user] })).stdout.trim());
  if (found.uid === uid) return;
  throw new StepError(
    'postgres.owner',
    `${folder} belongs to the user with the number ${found.uid}, and the server runs as ${user} (${uid})`,
    `Set it while the server is stopped: chown ${user} ${folder}`,
  );
}
