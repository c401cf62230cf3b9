import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';
import { readShare } from '../options/option-values.ts';

interface VerifyOptions {
  readonly step?: string | undefined;
  readonly sample?: number | undefined;
  readonly seed: string;
}

export function addVerify(program: Program, invocation: Invocation): void {
  program
    .command('verify')
    .description('compare a copy with its manifest, at any later time; reads, and changes nothing')
    .argument('<run>', "a run, its runbook, or a manifest's file")
    .argument(
      '[target]',
      'the folder to compare, also user@host:/path; the one that the copy was made to when left out',
    )
    .option('--step <step>', 'the copy, where a run made several')
    .option('--sample <share>', 'read the content of this share of the files only, such as 5%', readShare)
    .option('--seed <text>', 'which sample: the same for the same text', '1')
    .addHelpText(
      'after',
      examples(
        'migrate verify wsl-nix-store',
        'migrate verify wsl-nix-store /nix --sample 5%',
        'migrate verify /srv/backup/manifest /mnt/restored',
        'migrate verify media-20261121-k3f9 root@nas.example:/srv/media',
      ),
    )
    .action(async (run, target, options, command) => {
      const globals = globalsOf(command.optsWithGlobals());
      invocation.exitCode = await verify(run, target, options, globals);
    });
}

async function verify(
  name: string,
  target: string | undefined,
  { step, sample, seed }: VerifyOptions,
  globals: Globals,
) {
  const { findManifestOf } = await import('../shown/find-manifest.ts');
  const { verifyManifest } = await import('../shown/verify-manifest.ts');
  const manifest = await findManifestOf(name, step, globals);
  const chosen = sample === undefined ? undefined : { share: sample, seed };
  return verifyManifest(manifest, target, chosen, globals);
}
