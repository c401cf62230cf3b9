import { randomOf } from './random.ts';

/** An entry of a tree, by its path within the tree; `''` is the tree itself. */
export type SampleEntry =
  | { readonly path: string; readonly kind: 'folder' }
  | { readonly path: string; readonly kind: 'symlink'; readonly target: string }
  | {
      readonly path: string;
      readonly kind: 'file';
      readonly content: SampleContent;
      readonly executable: boolean;
    };

/** Text as it is, or so many bytes of noise from a seed. */
export type SampleContent = { readonly text: string } | { readonly seed: number; readonly bytes: number };

/** What becomes one path of the store. `@NAME@` in texts and link targets stands for another tree's path, `@out@` for its own. */
export interface SampleTree {
  /** A legal name of a store path, and the only one of its kind. */
  readonly name: string;
  readonly entries: readonly SampleEntry[];
  /** Trees that it mentions, which come before it. */
  readonly references: readonly string[];
}

const words =
  'acl bzip2 coreutils curl dbus expat findutils gawk glibc gmp less ncurses openssl perl readline sqlite tzdata util-linux xz zlib'.split(
    ' ',
  );

/**
 * Names that careless tools trip over. All of them are legal in a store path; the newline, the leading
 * dash and the glob do the most harm.
 */
const oddNames = [
  'name with spaces',
  '-rf',
  'naïve — 漢字.txt',
  'line\nbreak',
  'quote\'s "both"',
  'a*b?[c]',
  'back\\slash',
];

/**
 * Plans a sample store: about `count` trees with programs, libraries, links and licences, in which some
 * files are alike (so that optimising has something to link), and the first holds every odd name.
 * The same seed gives the same store.
 *
 * @param count at least 2
 */
export function planSampleStore(seed: number, count: number): readonly SampleTree[] {
  const random = randomOf(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const trees: SampleTree[] = [oddTree(), helloTree()];
  for (let index = trees.length; index < count; index += 1) {
    const name = `${pick(words)}-${1 + Math.floor(random() * 9)}.${Math.floor(random() * 40)}-${index}`;
    const references = trees
      .slice(2)
      .filter(() => random() < 2 / Math.max(2, index))
      .map((tree) => tree.name);
    trees.push({ name, references, entries: packageEntries(index, references, random) });
  }
  return trees;
}

function packageEntries(index: number, references: readonly string[], random: () => number): SampleEntry[] {
  const library = `libsample.so.${index}`;
  const file = (path: string, content: SampleContent, executable = false): SampleEntry => ({
    path,
    kind: 'file',
    content,
    executable,
  });
  return [
    ...['', 'bin', 'lib', 'share', 'share/doc'].map((path) => ({ path, kind: 'folder' as const })),
    file(
      'bin/program',
      { text: `#!/bin/sh\n# ${references.map((name) => `@${name}@/lib`).join(' ')}\necho ${index}\n` },
      true,
    ),
    { path: 'bin/alias', kind: 'symlink', target: 'program' },
    file(`lib/${library}`, { seed: index, bytes: 512 + Math.floor(random() * 24_000) }),
    { path: 'lib/libsample.so', kind: 'symlink', target: library },
    ...references
      .slice(0, 1)
      .map((name): SampleEntry => ({ path: 'lib/upstream', kind: 'symlink', target: `@${name}@/lib` })),
    // The same bytes in every third package.
    file('share/doc/LICENSE', { seed: -1 - (index % 3), bytes: 4096 }),
    file('share/empty', { text: '' }),
  ];
}

function oddTree(): SampleTree {
  const files = oddNames.map((path): SampleEntry => ({
    path,
    kind: 'file',
    content: { text: `${path}\n` },
    executable: false,
  }));
  const dangling: SampleEntry = { path: 'dangling', kind: 'symlink', target: 'nowhere/at all' };
  return {
    name: 'odd-names-1.0',
    references: [],
    entries: [{ path: '', kind: 'folder' }, ...files, dangling],
  };
}

/** A program that the system links, so that running one from the store can be tried. */
function helloTree(): SampleTree {
  return {
    name: 'hello-2.12',
    references: [],
    entries: [
      { path: '', kind: 'folder' },
      { path: 'bin', kind: 'folder' },
      {
        path: 'bin/hello',
        kind: 'file',
        content: { text: '#!/bin/sh\necho "Hello from @out@"\n' },
        executable: true,
      },
    ],
  };
}

/** The bytes of a content; noise is the same for the same seed. */
export function sampleBytes(content: SampleContent): Buffer {
  if ('text' in content) return Buffer.from(content.text);
  const random = randomOf(content.seed);
  const bytes = Buffer.alloc(content.bytes);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = Math.floor(random() * 256);
  return bytes;
}
