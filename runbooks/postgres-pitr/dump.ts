import { absolutePath, operation, StepError, z } from 'migrate-runbook';

const input = z.strictObject({
  user: z.string(),
  socket: absolutePath,
  port: z.number(),
  /** Where it goes: a folder of its own, that the server's user alone may enter. */
  folder: absolutePath,
});

/** Dumps all databases and roles of a running server into a file, whole or not at all. */
export const dumpCluster = operation({
  operation: 'dump-cluster',
  version: 1,
  reversal: 'undo',
  input,
  output: z.object({ file: z.string(), bytes: z.number() }),
  probe: async ({ host, input }) => {
    const found = await host.files.stat(`${input.folder}/all.sql`);
    if (found === undefined) return 'not-started';
    return { done: { file: `${input.folder}/all.sql`, bytes: found.size } };
  },
  idempotent: true,
  commands: ({ input, sh }) => [
    sh`install -d -o ${input.user} -m 0700 ${input.folder}`,
    sh.with({
      cwd: '/',
    })`chroot --userspec=${input.user}: / pg_dumpall --no-password -h ${input.socket} -p ${input.port} -U ${input.user} --file=${input.folder}/all.part`,
    // pg_dumpall has synced it; the name is given when it is whole.
    sh`mv -T ${input.folder}/all.part ${input.folder}/all.sql`,
    sh`sync --file-system ${input.folder}`,
  ],
  result: async ({ host, input }) => {
    const file = `${input.folder}/all.sql`;
    const found = await host.files.stat(file);
    if (found === undefined || found.size === 0)
      throw new StepError('pitr.no-dump', `pg_dumpall left nothing in ${file}`);
    return { file, bytes: found.size };
  },
  undo: ({ input, sh }) => [sh`rm -rf --one-file-system -- ${input.folder}`],
});
