import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const project = resolve(import.meta.dirname, '../../..');
const certificates = '/etc/ssl/certs/ca-certificates.crt';

export interface Outcome {
  readonly exit: number | null;
  /** Both streams, as they came. */
  readonly output: string;
}

/** A Debian 12 of essential packages, with Node.js and npm of this machine and nothing else. */
export interface BareMachine {
  readonly root: string;
  /** Runs a shell's script in it, with a root, mounts and process ids of its own; nothing that it starts survives it. */
  run(script: string, options?: { user?: string; cwd?: string }): Promise<Outcome>;
  remove(): void;
}

export function createBareMachine(): BareMachine {
  // Not in /tmp, which may be a tmpfs, and this holds a gigabyte.
  const folder = mkdtempSync('/var/tmp/migrate-bare-');
  const root = join(folder, 'root');
  execFileSync('mmdebstrap', ['--quiet', '--variant=minbase', '--include=ca-certificates', 'bookworm', root]);
  installNode(root);
  cpSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'), { dereference: true });
  if (existsSync(certificates)) cpSync(certificates, join(root, certificates), { dereference: true });
  return {
    root,
    run: (script, { user = 'root', cwd = '/root' } = {}) => enter(root, user, cwd, script),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Clones what is committed here into the machine. */
export function cloneInto(machine: BareMachine, path: string): void {
  execFileSync('git', ['-c', 'safe.directory=*', 'clone', '--quiet', project, join(machine.root, path)]);
}

/** The Node.js that npm runs on here, which may well be too old for this project, and that npm. */
function installNode(root: string): void {
  const local = join(root, 'usr/local');
  const node = process.env['npm_node_execpath'] ?? process.execPath;
  const npm = dirname(dirname(realpathSync(process.env['npm_execpath'] ?? which('npm'))));
  mkdirSync(join(local, 'lib/node_modules'), { recursive: true });
  cpSync(node, join(local, 'bin/node'), { dereference: true });
  cpSync(npm, join(local, 'lib/node_modules/npm'), { recursive: true });
  for (const name of ['npm', 'npx']) {
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, 'bin', name));
  }
}

function which(program: string): string {
  return execFileSync('sh', ['-c', 'command -v "$1"', 'sh', program], { encoding: 'utf8' }).trim();
}

// A pivoted root and not a chroot, in which the kernel gives an ordinary user no namespaces.
const pivot = `
root=$1
shift
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t proc proc "$root/proc"
mkdir -p "$root/.machine"
cd "$root"
pivot_root . .machine
umount -l /.machine
exec "$@"
`;

function enter(root: string, user: string, cwd: string, script: string): Promise<Outcome> {
  const environment = [
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    `HOME=${user === 'root' ? '/root' : `/home/${user}`}`,
    'LANG=C.UTF-8',
    ...(existsSync(certificates)
      ? [`NODE_EXTRA_CA_CERTS=${certificates}`, `NPM_CONFIG_CAFILE=${certificates}`]
      : []),
  ];
  const child = spawn(
    'unshare',
    ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child']
      .concat(['sh', '-euc', pivot, 'sh', root])
      .concat(['setpriv', '--reuid', user, '--regid', user, '--init-groups'])
      .concat(['env', '-i', ...environment, 'sh', '-euc', `cd '${cwd}'\n${script}`]),
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  return new Promise((done, failed) => {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', failed).on('close', (exit) => done({ exit, output }));
  });
}
