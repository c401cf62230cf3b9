import { StepError } from '../../errors.ts';
import type { ExecOptions, Host } from '../../runbook/index.ts';

/** How much lies in each folder of a file system, with all that is beneath it. */
export interface DiskUsage {
  /** Bytes on the disk by folder; a file with several names counts once, where it is met first. */
  readonly folders: ReadonlyMap<string, number>;
  /** What could not be read, and so is not counted. */
  readonly unreadable: readonly string[];
}

/**
 * One walk by `du`, which stays on the file system of its root, and goes on where files vanish or cannot be read.
 *
 * @param options.without folders that are not entered at all
 * @throws StepError `discovery.no-answer` when du could not even begin
 */
export async function diskUsage(
  host: Host,
  root: string,
  options: { readonly without: readonly string[] } & ExecOptions,
): Promise<DiskUsage> {
  const { without, ...exec } = options;
  const excluded = without.map((path) => `--exclude=${asPattern(path)}`);
  const { stdout, stderr, exitCode } = await host.exec(
    {
      argv: ['du', '--one-file-system', '--block-size=1', '--null', ...excluded, '--', root],
      env: { LC_ALL: 'C' },
    },
    { ...exec, anyExit: true },
  );
  const folders = parseUsage(stdout);
  if (exitCode === null || folders.size === 0) {
    throw new StepError(
      'discovery.no-answer',
      `du could not read ${root}: ${stderr.trim().split('\n').at(-1) ?? ''}`,
      'Is the folder there, and may it be read? Run this as root.',
    );
  }
  return { folders, unreadable: unreadablePaths(stderr) };
}

/** How much each of these paths holds; what is not there is left out. */
export async function sumsOf(host: Host, paths: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (paths.length === 0) return new Map();
  const { stdout } = await host.exec(
    { argv: ['du', '--summarize', '--block-size=1', '--null', '--', ...paths], env: { LC_ALL: 'C' } },
    { anyExit: true },
  );
  return parseUsage(stdout);
}

/** @param text records `BYTES<tab>PATH<nul>` */
export function parseUsage(text: string): ReadonlyMap<string, number> {
  const folders = new Map<string, number>();
  for (const record of text.split('\0')) {
    const tab = record.indexOf('\t');
    if (tab > 0) folders.set(record.slice(tab + 1), Number(record.slice(0, tab)));
  }
  return folders;
}

/** What du complains of; what has vanished since its folder was read is nobody's loss. */
export function unreadablePaths(stderr: string): readonly string[] {
  return stderr.split('\n').flatMap((line) => {
    const [, path, why] = /^du: cannot (?:read directory|access) (.+): ([^:]+)$/.exec(line) ?? [];
    if (path === undefined || why === 'No such file or directory') return [];
    return [`${path.replaceAll(/^'|'$/g, '')}: ${why}`];
  });
}

/** du reads what is excluded as a pattern. */
function asPattern(path: string): string {
  return path.replaceAll(/[\\*?[\]]/g, String.raw`\$&`);
}
