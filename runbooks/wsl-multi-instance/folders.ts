import { absolutePath, operation, z } from 'migrate-runbook';
import { requireMounted } from 'migrate-runbook/operations';

const input = z.strictObject({
  storage: z.strictObject({ point: absolutePath, uuid: z.string() }),
  folders: z.array(absolutePath).min(1),
});

/**
 * A folder for each instance, which is root's alone: the disk is shared by all of them, and what one lives on no
 * ordinary user of another may write to.
 */
export const instanceFolders = operation({
  operation: 'instance-folders',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input: { folders } }) => ({
    before: await Promise.all(
      folders.map(async (path) => {
        const stat = await host.files.stat(path);
        return { path, was: stat === undefined ? null : { uid: stat.uid, gid: stat.gid, mode: stat.mode } };
      }),
    ),
  }),
  idempotent: true,
  describe: ({ input: { folders }, sh }) => [
    sh`mkdir -p -- ${folders}`,
    sh`chown 0:0 -- ${folders}`,
    sh`chmod 755 -- ${folders}`,
  ],
  run: async ({ host, exec, sh, input: { storage, folders } }) => {
    await requireMounted(host, storage);
    await exec(sh`mkdir -p -- ${folders}`);
    await exec(sh`chown 0:0 -- ${folders}`);
    await exec(sh`chmod 755 -- ${folders}`);
  },
  undo: ({ captured: { before }, sh }) =>
    before.flatMap(({ path, was }) =>
      was === null
        ? // What has been put into it since stays.
          [sh.with({ ok: [0, 1] })`rmdir --ignore-fail-on-non-empty -- ${path}`]
        : [sh`chown ${`${was.uid}:${was.gid}`} -- ${path}`, sh`chmod ${was.mode.toString(8)} -- ${path}`],
    ),
});
