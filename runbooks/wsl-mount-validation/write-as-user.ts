import { operation, z, type Finding, type Host } from 'migrate-runbook';
import { requireMounted } from 'migrate-runbook/operations';
import { params, storage, target, type Params } from './params.ts';

const tried = z.object({
  wrote: z.boolean(),
  said: z.string(),
  /** Whether the system lives in the folder already. */
  cutOver: z.boolean(),
  folder: z.string(),
});
type Tried = z.output<typeof tried>;

/** Whether the source is the folder on the disk. */
async function isCutOver(host: Host, p: Params): Promise<boolean> {
  const [source, folder] = await Promise.all([host.files.stat(p.source), host.files.stat(target(p))]);
  return (
    source !== undefined &&
    folder !== undefined &&
    source.device === folder.device &&
    source.inode === folder.inode
  );
}

/** Tries to write a file to the folder as the ordinary user, and removes it. */
export const writeAsUser = operation({
  operation: 'write-as-user',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({ p: params }),
  capture: ({ input: { p }, run }) => ({ file: `${target(p)}/.migrate-write-${run.id}` }),
  output: tried,
  idempotent: true,
  describe: ({ input: { p }, captured: { file } }) => `as ${p.user}, write ${file}, and remove it`,
  run: async ({ host, exec, sh, captured: { file }, input: { p } }): Promise<Tried> => {
    // Beneath the mount lies the memory of all distributions.
    await requireMounted(host, storage(p));
    const number = async (option: string) => (await host.exec(sh`id ${option} ${p.user}`)).stdout.trim();
    const [uid, gid] = [await number('-u'), await number('-g')];
    const asUser = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--'] as const;
    const { exitCode, stderr } = await exec({ argv: [...asUser, 'touch', '--', file] }, { anyExit: true });
    const wrote = (await host.files.stat(file)) !== undefined;
    await exec(sh`rm -f -- ${file}`);
    const said = exitCode === 0 ? '' : stderr.trim();
    return { wrote, said, cutOver: await isCutOver(host, p), folder: target(p) };
  },
  undo: ({ captured: { file }, sh }) => [sh`rm -f -- ${file}`],
});

/** Pure. Before the cut-over the folder is the user's to fill; what the system lives on is root's alone. */
export function judgeWrite(user: string, { wrote, said, cutOver, folder }: Tried): Finding {
  const evidence = { wrote, said, cutOver };
  const found = wrote ? `${user} can write to ${folder}` : `${user} cannot write to ${folder}: ${said}`;
  const when = cutOver ? 'the system lives there' : 'before the cut-over';
  const mend = cutOver ? `; chown 0:0 ${folder} && chmod 755 ${folder}` : `; chown ${user} ${folder}`;
  return wrote !== cutOver
    ? { verdict: 'PASS', observed: `${found}; ${when}`, evidence }
    : { verdict: 'FAIL', observed: `${found}, although ${when}${mend}`, evidence };
}
