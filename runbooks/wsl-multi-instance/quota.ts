import { operation, z, type Finding, type Host } from 'migrate-runbook';
import { requireMounted } from 'migrate-runbook/operations';
import { params, storage, type Params } from './params.ts';

/** Of a project that is nobody's: those of instances are small numbers. */
const project = 900_001;

const tried = z.object({
  /** Why it cannot be tried here, with what would let it; null when it was. */
  missing: z.string().nullable(),
  /** What the limited one and the other could write, in MiB. */
  limitedMebibytes: z.number(),
  otherMebibytes: z.number(),
  said: z.string(),
});
type Tried = z.output<typeof tried>;

/** Tools that set a limit; the second also on ext4, when told that it is no XFS. */
type Tool = 'setquota' | 'xfs_quota';

const limitCommand = (tool: Tool, mebibytes: number, point: string): readonly [string, ...string[]] =>
  tool === 'setquota'
    ? ['setquota', '-P', String(project), '0', String(mebibytes * 1024), '0', '0', point]
    : ['xfs_quota', '-x', '-f', '-c', `limit -p bhard=${mebibytes}m ${project}`, point];

async function toolHere(host: Host): Promise<Tool | undefined> {
  for (const tool of ['setquota', 'xfs_quota'] as const) {
    const { exitCode } = await host.exec(
      { argv: ['sh', '-c', 'command -v "$1"', 'sh', tool] },
      { anyExit: true },
    );
    if (exitCode === 0) return tool;
  }
  return undefined;
}

/** What the file system, the kernel and the programs lack for project quotas; undefined when nothing. */
async function lacking(host: Host, p: Params): Promise<string | undefined> {
  const mount = await requireMounted(host, storage(p));
  if (mount.type !== 'ext4') return `${p.storageMount} is ${mount.type}: only ext4 is tried`;
  const { stdout, exitCode } = await host.exec({ argv: ['dumpe2fs', '-h', mount.source] }, { anyExit: true });
  if (exitCode !== 0)
    return `the features of ${mount.source} cannot be read: install e2fsprogs, and run this as root`;
  const features = /^Filesystem features:(.*)$/m.exec(stdout)?.[1]?.split(/\s+/) ?? [];
  const absent = ['project', 'quota'].filter((feature) => !features.includes(feature));
  if (absent.length > 0) {
    return `${mount.source} lacks ${absent.join(' and ')}: with nothing mounted from it, tune2fs -O project,quota -Q prjquota ${mount.source}`;
  }
  if (!mount.options.includes('prjquota')) {
    return `${p.storageMount} is mounted without prjquota: mount it with that option, by a kernel with CONFIG_QUOTA and CONFIG_QFMT_V2`;
  }
  if ((await toolHere(host)) === undefined)
    return 'neither setquota nor xfs_quota is here: install quota-tools or xfsprogs';
  return undefined;
}

/** Limits one folder made for it, fills it as an ordinary user, and sees whether the folder beside it still takes. */
export const quotaTrial = operation({
  operation: 'quota-trial',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({ p: params, mebibytes: z.number().int().min(1) }),
  capture: async ({ host, input: { p }, run }) => ({
    folder: `${p.storageMount}/.migrate-quota-${run.id}`,
    tool: (await toolHere(host)) ?? null,
  }),
  output: tried,
  idempotent: true,
  describe: ({ input: { mebibytes, p }, captured: { folder } }) =>
    `limit a folder in ${folder} to ${mebibytes} MiB, and write twice as much to it as ${p.user}, and to one beside it`,
  run: async ({ host, exec, sh, input: { p, mebibytes }, captured: { folder, tool } }): Promise<Tried> => {
    const none = { limitedMebibytes: 0, otherMebibytes: 0, said: '' };
    const missing = await lacking(host, p);
    if (missing !== undefined || tool === null)
      return { ...none, missing: missing ?? 'no program sets limits here' };
    const [limited, other] = [`${folder}/limited`, `${folder}/other`] as const;
    await exec(sh`mkdir -p -- ${limited} ${other}`);
    await exec(sh`chown ${p.user} -- ${limited} ${other}`);
    const marked = await exec(sh`chattr +P -p ${project} ${limited}`, { anyExit: true });
    const set = await exec({ argv: limitCommand(tool, mebibytes, p.storageMount) }, { anyExit: true });
    if (marked.exitCode !== 0 || set.exitCode !== 0) {
      return {
        ...none,
        missing: `this kernel takes no project quotas: ${`${marked.stderr} ${set.stderr}`.trim()}`,
      };
    }
    const number = async (option: string) => (await host.exec(sh`id ${option} ${p.user}`)).stdout.trim();
    // Limits do not hold root.
    const asUser = [`--reuid=${await number('-u')}`, `--regid=${await number('-g')}`, '--clear-groups', '--'];
    const fill = async (place: string) => {
      const block = [
        'dd',
        'if=/dev/zero',
        `of=${place}/filling`,
        'bs=1M',
        `count=${mebibytes * 2}`,
        'conv=fsync',
      ];
      const { stderr } = await exec({ argv: ['setpriv', ...asUser, ...block] }, { anyExit: true });
      const bytes = (await host.files.stat(`${place}/filling`))?.size ?? 0;
      return { mebibytes: Math.round(bytes / 1_048_576), said: stderr.trim().split('\n')[0] ?? '' };
    };
    const [first, second] = [await fill(limited), await fill(other)];
    return {
      missing: null,
      limitedMebibytes: first.mebibytes,
      otherMebibytes: second.mebibytes,
      said: first.said,
    };
  },
  undo: ({ input: { p }, captured: { folder, tool }, sh }) => [
    sh`rm -rf --one-file-system -- ${folder}`,
    // Where the kernel has none, there is no limit either.
    ...(tool === null ? [] : [{ argv: limitCommand(tool, 0, p.storageMount), ok: [0, 1, 2] }]),
  ],
});

/** Pure. */
export function judgeQuota(mebibytes: number, found: Tried): Finding {
  const evidence = { ...found, limitMebibytes: mebibytes };
  if (found.missing !== null) return { verdict: 'BLOCKED', observed: found.missing, evidence };
  const observed = `of ${mebibytes * 2} MiB the limited one took ${found.limitedMebibytes}, the other one ${found.otherMebibytes}`;
  const holds = found.limitedMebibytes <= mebibytes && found.otherMebibytes === mebibytes * 2;
  return { verdict: holds ? 'PASS' : 'FAIL', observed, evidence };
}
