import { readFileSync } from 'node:fs';
import { Command, Option } from '@commander-js/extra-typings';

/** The program with its global options and no commands yet. */
export function baseProgram() {
  return new Command('migrate')
    .description('Runs migration runbooks that survive crashes and reboots, and can be rolled back.')
    .version(version(), '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help of a command')
    .option(
      '--state-dir <dir>',
      'where runs keep their state (else /var/lib/migrate, or ~/.local/state/migrate)',
    )
    .option('--json', 'print JSON for programs instead of text')
    .addOption(new Option('-q, --quiet', 'print only what needs you, and the result').conflicts('verbose'))
    .option('-v, --verbose', "print commands' output too")
    .option('--no-color', 'print without colour')
    .option('--no-input', 'never ask; stop with exit code 3 instead')
    .configureHelp({ showGlobalOptions: true });
}

export type Program = ReturnType<typeof baseProgram>;

/** From the package's own file, found above this one both in `src` and in `dist/src`. */
function version(): string {
  for (const above of ['../../package.json', '../../../package.json']) {
    try {
      const text = readFileSync(new URL(above, import.meta.url), 'utf8');
      const { version: found } = JSON.parse(text) as { version?: string };
      if (found !== undefined) return found;
    } catch {
      // Try the next place.
    }
  }
  return 'unknown';
}

/** The examples beneath a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\n${lines.length === 1 ? 'Example' : 'Examples'}:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;
}
