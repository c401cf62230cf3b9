/** A line of an fstab. */
export interface FstabMount {
  readonly source: string;
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** Lines of an fstab; comments and what is no mount are left out. */
export function parseFstab(text: string): readonly FstabMount[] {
  return text.split('\n').flatMap((line) => {
    const [source = '', point = '', type = '', options = ''] = line.trim().split(/\s+/);
    if (source === '' || source.startsWith('#') || !point.startsWith('/')) return [];
    return [{ source: unescaped(source), point: unescaped(point), type, options: options.split(',') }];
  });
}

/** Blanks in an fstab are written in octal. */
function unescaped(word: string): string {
  return word.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCodePoint(Number.parseInt(digits, 8)),
  );
}

/** What NixOS mounts in the initrd whatever is said, besides what is marked so. */
const alwaysEarly = ['/nix', '/nix/store', '/var', '/var/log', '/var/lib', '/var/lib/nixos', '/etc', '/usr'];

/** Mount points that are there before the system is activated. */
export function earlyMounts(mounts: readonly FstabMount[]): readonly string[] {
  return mounts
    .filter(({ type, options }) => !memoryTypes.has(type) && !options.includes('bind'))
    .filter(({ point, options }) => options.includes('x-initrd.mount') || alwaysEarly.includes(point))
    .map(({ point }) => point);
}

const memoryTypes = new Set(['tmpfs', 'ramfs', 'swap', 'overlay', 'proc', 'sysfs', 'devtmpfs']);

/** Mount points of a system that outlive a boot by themselves; neither the root nor what is bound. */
export function keptMounts(mounts: readonly FstabMount[]): readonly string[] {
  return mounts
    .filter(
      ({ point, type, options }) => point !== '/' && !memoryTypes.has(type) && !options.includes('bind'),
    )
    .map(({ point }) => point);
}

/** Folders that a system binds from beneath `persist` to their places. */
export function boundFrom(mounts: readonly FstabMount[], persist: string): readonly string[] {
  return mounts
    .filter(({ source, options }) => options.includes('bind') && source.startsWith(`${persist}/`))
    .map(({ point }) => point);
}
