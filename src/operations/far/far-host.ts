import { deviceNumber, type FarShell } from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import {
  isSecretReference,
  parseMountInfo,
  type Command,
  type CommandResult,
  type ExecOptions,
  type Files,
  type FileStat,
  type Host,
} from '../../runbook/index.ts';

/**
 * Another machine as a host, as far as looking at places and making folders takes: each question goes over
 * the one connection. The clocks are this machine's.
 *
 * @throws StepError `far.*` of the connection, `far.command-failed`, `far.not-there-yet` for what is only done here
 */
export function farHost(far: FarShell, here: Pick<Host, 'clock'>): Host {
  const ask = async (program: string, ...words: readonly string[]) => {
    const { exitCode, stdout, stderr } = await far.ask(program, words);
    return { exitCode, stdout: stdout.toString('utf8'), stderr };
  };
  return {
    exec: (command, options) => execThere(far, command, options),
    files: filesThere(far, ask),
    mounts: async () => parseMountInfo((await ask('cat /proc/self/mountinfo')).stdout),
    boot: async () => {
      const { stdout } = await ask(
        'cat /proc/sys/kernel/random/boot_id; readlink /proc/self/ns/pid; cut -d " " -f 22 /proc/1/stat',
      );
      const [bootId = '', pidNamespace = '', initStart = ''] = stdout.trim().split('\n');
      return { bootId, pidNamespace, initStart };
    },
    clock: here.clock,
  };
}

async function execThere(
  far: FarShell,
  { argv, cwd, env = {}, ok = [0] }: Command,
  { anyExit, onLine }: ExecOptions = {},
): Promise<CommandResult> {
  const given = Object.entries(env).flatMap(([name, value]) =>
    isSecretReference(value) ? [] : [`${name}=${value}`],
  );
  const { exitCode, stdout, stderr } = await far.ask('cd -- "$1" && shift && exec env "$@"', [
    cwd ?? '/',
    ...given,
    ...argv,
  ]);
  const result = { stdout: stdout.toString('utf8'), stderr, exitCode };
  for (const line of result.stdout.split('\n')) if (line !== '') onLine?.(line, 'stdout');
  if (anyExit === true || ok.includes(exitCode)) return result;
  if (exitCode === 127)
    throw new StepError(
      'far.tool-missing',
      `${argv[0]} is missing on ${far.access.host}`,
      `Install it there, and see that a login over ssh finds it: ssh ${far.access.host} ${argv[0]} --version`,
    );
  throw new StepError(
    'far.command-failed',
    `${argv.join(' ')} ended with ${exitCode} on ${far.access.host}:\n${stderr.trim()}`,
  );
}

type AskThere = (
  program: string,
  ...words: readonly string[]
) => Promise<{ exitCode: number; stdout: string; stderr: string }>;

function filesThere(far: FarShell, ask: AskThere): Files {
  const text = async (program: string, path: string) => {
    const { exitCode, stdout } = await ask(program, path);
    return exitCode === 0 ? stdout.replace(/\n$/, '') : undefined;
  };
  const must = async (program: string, ...words: readonly string[]) => {
    const { exitCode, stdout, stderr } = await ask(program, ...words);
    if (exitCode === 0) return stdout;
    throw new StepError(
      'far.command-failed',
      `${words.join(' ')} on ${far.access.host}: ${stderr.trim().split('\n')[0] ?? ''}`,
    );
  };
  const notThere = () => Promise.reject(notYet(far));
  return {
    read: async (path) => {
      const { exitCode, stdout } = await ask('cat -- "$1" 2>/dev/null', path);
      return exitCode === 0 ? stdout : undefined;
    },
    replace: notThere,
    rename: notThere,
    stat: async (path) => {
      const format = '%f %d %i %s %u %g %h %.9Y %.9Z';
      const found = await text(`stat -c '${format}' -- "$1" 2>/dev/null`, path);
      return found === undefined ? undefined : statOf(found);
    },
    readLink: (path) => text('readlink -- "$1"', path),
    realPath: (path) => text('realpath -e -- "$1" 2>/dev/null', path),
    list: async (path) => {
      const { exitCode, stdout } = await ask(
        '[ -d "$1" ] && find "$1/" -mindepth 1 -maxdepth 1 -printf "%f\\0"',
        path,
      );
      return exitCode === 0 ? stdout.split('\0').slice(0, -1).toSorted() : undefined;
    },
    makeFolder: async (path, { mode = 0o755 } = {}) => {
      // Only what this call makes is named; each is brought to the disk with the folder that holds it.
      const program = `
make() {
  [ -d "$1" ] && return 0
  make "$(dirname -- "$1")" || return 1
  mkdir -m "$mode" -- "$1" 2>/dev/null && { printf '%s\\0' "$1"; sync -- "$1" "$(dirname -- "$1")"; } || [ -d "$1" ]
}
mode=$2; make "$1"`;
      const stdout = await must(program, path, mode.toString(8));
      return stdout.split('\0').slice(0, -1);
    },
    remove: async (path) => {
      await must('[ ! -e "$1" ] && [ ! -L "$1" ] || rm -d -- "$1"', path);
    },
    space: async (path) => {
      const [available = 0, free = 0, total = 0, inodes, all, size = 0] = (
        await must('stat -f -c "%a %f %b %d %c %S" -- "$1"', path)
      )
        .trim()
        .split(' ')
        .map(Number);
      return {
        freeForUsers: available * size,
        freeForRoot: free * size,
        total: total * size,
        freeInodes: all === 0 ? Number.MAX_SAFE_INTEGER : (inodes ?? 0),
      };
    },
  };
}

function statOf(text: string): FileStat {
  const [raw = '', device = '0', inode = '', size, uid, gid, links, mtime = '', ctime] = text.split(' ');
  const mode = Number.parseInt(raw, 16);
  const type = mode & 0o170000;
  const kinds: Readonly<Record<number, FileStat['kind']>> = {
    0o100000: 'file',
    0o040000: 'folder',
    0o120000: 'symlink',
  };
  return {
    kind: kinds[type] ?? 'other',
    size: Number(size),
    mode: mode & 0o7777,
    uid: Number(uid),
    gid: Number(gid),
    device: deviceNumber(BigInt(device)),
    inode,
    links: Number(links),
    mtimeMs: Number(mtime) * 1_000,
    mtime,
    ctimeMs: Number(ctime) * 1_000,
  };
}

function notYet({ access }: FarShell): StepError {
  return new StepError('far.not-there-yet', `files of ${access.host} are not edited over ssh`);
}
