import type { Mount } from './host.ts';

/**
 * Parses `/proc/PID/mountinfo` (proc_pid_mountinfo(5)). `options` are those in effect: of the mount
 * and of its file system, and `ro` when either is read-only.
 */
export function parseMountInfo(text: string): readonly Mount[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseLine);
}

function parseLine(line: string): Mount {
  const fields = line.split(' ');
  // Any number of optional fields stands before the dash.
  const dash = fields.indexOf('-', 6);
  const [id, parent, device = '', root = '', point = '', options = ''] = fields;
  const [type = '', source = '', superOptions] = fields.slice(dash + 1);
  if (dash === -1 || superOptions === undefined) {
    throw new Error(`/proc/self/mountinfo holds a line of an unknown form: ${line}`);
  }
  return {
    id: Number(id),
    parent: Number(parent),
    device,
    root: unescape(root),
    point: unescape(point),
    options: inEffect(unescape(options).split(','), unescape(superOptions).split(',')),
    type: unescape(type),
    source: unescape(source),
  };
}

function inEffect(mount: readonly string[], fileSystem: readonly string[]): readonly string[] {
  const readOnly = mount.includes('ro') || fileSystem.includes('ro');
  const others = [...mount, ...fileSystem].filter((option) => option !== 'ro' && option !== 'rw');
  return [readOnly ? 'ro' : 'rw', ...new Set(others)];
}

/** The kernel writes space, tab, newline, backslash and `#` as three octal digits. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
