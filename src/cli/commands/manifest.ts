import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';

interface ManifestOptions {
  readonly step?: string | undefined;
}

export function addManifest(program: Program, _invocation: Invocation): void {
  program
    .command('manifest')
    .description('print the manifest of a copy, as `xxhsum --check` reads it')
    .argument('<run>', "a run, its runbook, or a manifest's file")
    .option('--step <step>', 'the copy, where a run made several')
    .addHelpText(
      'after',
      examples(
        'migrate manifest wsl-nix-store > sums',
        'cd /mnt/ssd/nix && xxhsum --quiet --check /root/sums',
        'migrate manifest wsl-nix-store --json | jq .',
      ),
    )
    .action((run, options, command) => manifest(run, options, globalsOf(command.optsWithGlobals())));
}

async function manifest(name: string, { step }: ManifestOptions, globals: Globals): Promise<void> {
  const { checksumLines } = await import('../../copy/index.ts');
  const { findManifestOf } = await import('../shown/find-manifest.ts');
  const { pipeOut } = await import('../terminal/pipe-out.ts');
  const found = await findManifestOf(name, step, globals);
  if (globals.json) return pipeOut(found.lines());
  let leftOut = 0;
  await pipeOut(checksumLines(found, () => (leftOut += 1)));
  if (leftOut === 0) return;
  process.stderr.write(
    `${leftOut} files whose names hold a line break have no line here; --json has all of them, and migrate verify checks them\n`,
  );
}
