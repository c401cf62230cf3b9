import type { Identities, Params } from './params.ts';

/** What the text of a hardware configuration becomes, and what it lost. */
export interface NewHardware {
  readonly text: string;
  /** What was taken out, block by block. */
  readonly removed: readonly string[];
}

/**
 * Puts the file systems of the new disk into a hardware configuration, in place of those that they replace. All else
 * stays as it was found: kernel modules, other file systems, whatever somebody has added.
 *
 * @throws Error when a file system is not written as a plain block
 */
export function newHardware(text: string, p: Params, ids: Identities): NewHardware {
  const points = ['/', '/boot', p.espMount, '/nix', '/nix/store', '/persist'];
  const removed: string[] = [];
  let rest = text;
  let first: number | undefined;
  for (;;) {
    const block = nextBlock(rest, points);
    if (block === undefined) break;
    removed.push(rest.slice(block.from, block.to).trim());
    first ??= block.from;
    rest = rest.slice(0, block.from) + rest.slice(block.to);
  }
  if (first === undefined || !removed.some((block) => block.includes('fileSystems."/"'))) {
    throw new Error('it has no block fileSystems."/" = { … };');
  }
  const left = /fileSystems\s*=\s*\{/.exec(rest);
  if (left !== null) throw new Error('it sets fileSystems as one set; write a block for each file system');
  return { text: `${rest.slice(0, first)}${blocks(p, ids)}${rest.slice(first)}`, removed };
}

function nextBlock(text: string, points: readonly string[]): { from: number; to: number } | undefined {
  for (const found of text.matchAll(/^[ \t]*(?:fileSystems\."([^"]+)"|(swapDevices))\s*=\s*/gm)) {
    if (found[1] !== undefined && !points.includes(found[1])) continue;
    const end = statementEnd(text, found.index + found[0].length);
    if (end === undefined) throw new Error(`${found[0].trim()} does not end`);
    return { from: found.index, to: text[end] === '\n' ? end + 1 : end };
  }
  return undefined;
}

/** Behind the semicolon that ends a value, whose brackets and texts are balanced. */
function statementEnd(text: string, from: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character === '\\') at += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '#') at = text.indexOf('\n', at);
    else if (character === '{' || character === '[' || character === '(') depth += 1;
    else if (character === '}' || character === ']' || character === ')') depth -= 1;
    else if (character === ';' && depth === 0) return at + 1;
    if (at === -1) return undefined;
  }
  return undefined;
}

function blocks(p: Params, { esp, nix, persist, swap }: Identities): string {
  const ext4 = (point: string, uuid: string) => `
  fileSystems."${point}" = {
    device = "/dev/disk/by-uuid/${uuid}";
    fsType = "ext4";
    options = [ "noatime" ];
    neededForBoot = true;
  };
`;
  return `  # Empty at each boot; what is kept lies on /persist.
  fileSystems."/" = {
    device = "none";
    fsType = "tmpfs";
    options = [ "defaults" "size=${p.rootSize}" "mode=755" ];
  };

  fileSystems."${p.espMount}" = {
    device = "/dev/disk/by-uuid/${esp}";
    fsType = "vfat";
    options = [ "fmask=0022" "dmask=0022" ];
  };
${ext4('/nix', nix)}${ext4('/persist', persist)}
  swapDevices = [ { device = "/dev/disk/by-uuid/${swap}"; } ];
  boot.resumeDevice = "/dev/disk/by-uuid/${swap}";
`;
}
