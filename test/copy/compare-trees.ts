/**
 * An independent comparison of two trees, in everything that a file system holds, by the tools that an
 * administrator would use: find, sha256sum, cmp, getfattr, getfacl. It shares nothing with the product.
 */
import { execa } from 'execa';

export interface CompareOptions {
  /** Leave the roots' own modes, owners and times out. */
  readonly withoutRoot?: boolean;
  /** Names at the top that only one side may hold, such as `lost+found`. */
  readonly ignore?: readonly string[];
}

/** Larger files are compared with each other, which takes less time than a digest of each. */
const largeBytes = 8_000_000;
const large = 'content of a large file';
const room = 'room';

/**
 * The differences, one line each; none when the trees are equal. The other may have more holes than the
 * one (they read alike), never less.
 */
export async function compareTrees(
  one: string,
  other: string,
  options: CompareOptions = {},
): Promise<string[]> {
  const [left, right] = await Promise.all([describeTree(one, options), describeTree(other, options)]);
  const differences: string[] = [];
  for (const key of [...new Set([...left.keys(), ...right.keys()])].toSorted()) {
    const a = left.get(key);
    const b = right.get(key);
    const isSame =
      a !== undefined && b !== undefined && key.startsWith(`${large} `)
        ? await holdSame(one, other, key.slice(large.length + 1))
        : a === b || (key.startsWith(`${room} `) && takesNoMore(Number(a), Number(b)));
    if (!isSame) differences.push(`${key}: ${a ?? 'absent'} ≠ ${b ?? 'absent'}`);
  }
  return differences;
}

/** A file system's own records of where a file lies count as well, and are not the same for all. */
function takesNoMore(original: number, copy: number): boolean {
  return copy <= original * 1.02 + 65_536;
}

async function holdSame(one: string, other: string, path: string): Promise<boolean> {
  const files = [one, other].map((root) => `${root}/${Buffer.from(path, 'latin1').toString()}`);
  return (await execa('cmp', ['-s', '--', ...files], { reject: false })).exitCode === 0;
}

/** Facts of a tree by name, such as `mode a/b`. Names are shown byte by byte (latin1), so that none is lost. */
export async function describeTree(root: string, options: CompareOptions = {}): Promise<Map<string, string>> {
  const facts = new Map<string, string>();
  const ignored = (path: string) =>
    (path === '' && options.withoutRoot === true) ||
    (options.ignore ?? []).some((name) => path === name || path.startsWith(`${name}/`));
  const tell = (fact: string, path: string, value: string) => {
    if (!ignored(path)) facts.set(`${fact} ${path || '.'}`, value);
  };
  await Promise.all([inodes(root, tell), contents(root, tell), attributes(root, tell), acls(root, tell)]);
  return facts;
}

type Tell = (fact: string, path: string, value: string) => void;

async function inodes(root: string, tell: Tell): Promise<void> {
  const fields = ['%P', '%y', '%#m', '%U:%G', '%T@', '%s', '%b', '%l', '%i'];
  const output = await bytes(root, 'find', ['.', '-printf', fields.map((field) => `${field}\\0`).join('')]);
  const values = output.split('\0').slice(0, -1);
  const names = new Map<string, string[]>();
  const devices: string[] = [];
  for (let at = 0; at < values.length; at += fields.length) {
    const [
      path = '',
      type = '',
      mode = '',
      owner = '',
      mtime = '',
      size = '',
      blocks = '',
      link = '',
      inode = '',
    ] = values.slice(at, at + fields.length);
    tell('type', path, type);
    if (type !== 'l') tell('mode', path, mode);
    tell('owner', path, owner);
    tell('mtime', path, mtime);
    if (type === 'f') {
      tell('size', path, size);
      tell(room, path, String(Number(blocks) * 512));
      if (Number(size) >= largeBytes) tell(large, path, `${size} bytes`);
    }
    if (type === 'l') tell('link', path, link);
    if (type === 'c' || type === 'b') devices.push(path);
    if (type !== 'd') names.set(inode, [...(names.get(inode) ?? []), path]);
  }
  for (const group of names.values()) {
    const sorted = group.toSorted();
    for (const path of sorted) tell('names of the same file', path, sorted.join(' = '));
  }
  for (const path of devices) {
    tell('device', path, (await bytes(root, 'stat', ['-c', '%t:%T', '--', `./${path}`])).trim());
  }
}

async function contents(root: string, tell: Tell): Promise<void> {
  const small = ['.', '-type', 'f', '-size', `-${largeBytes}c`];
  const output = await bytes(root, 'find', [...small, '-exec', 'sha256sum', '-z', '--', '{}', '+']);
  for (const line of output.split('\0').slice(0, -1)) tell('content', line.slice(66 + 2), line.slice(0, 64));
}

async function attributes(root: string, tell: Tell): Promise<void> {
  const output = await bytes(root, 'getfattr', [
    '-R',
    '-P',
    '-h',
    '-d',
    '-m',
    '-',
    '-e',
    'hex',
    '--absolute-names',
    '.',
  ]);
  for (const block of output.split('\n\n')) {
    const [head = '', ...lines] = block.split('\n');
    // XFS shows root every ACL a second time under these names; ACLs are compared on their own.
    const names = lines.filter((line) => line !== '' && !line.startsWith('trusted.SGI_ACL_'));
    if (head.startsWith('# file: ') && names.length > 0)
      tell('attributes', relative(head.slice(8)), names.toSorted().join(' '));
  }
}

async function acls(root: string, tell: Tell): Promise<void> {
  const output = await bytes(root, 'getfacl', ['-R', '-P', '-n', '-p', '-s', '.']);
  for (const block of output.split('\n\n')) {
    const [head = '', ...lines] = block.split('\n');
    if (head.startsWith('# file: ')) tell('acl', relative(head.slice(8)), lines.filter(Boolean).join(' '));
  }
}

/** Without `./`, and with the tools' `\ooo` undone. */
function relative(path: string): string {
  const plain = path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return plain === '.' ? '' : plain.replace(/^\.\//, '');
}

async function bytes(cwd: string, program: string, args: string[]): Promise<string> {
  const { stdout } = await execa(program, args, {
    cwd,
    encoding: 'buffer',
    stripFinalNewline: false,
    maxBuffer: 1e9,
    env: { LC_ALL: 'C', TZ: 'UTC' },
  });
  return Buffer.from(stdout).toString('latin1');
}
