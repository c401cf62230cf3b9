import { z } from 'zod';
import { copyPass, rsyncCommand, rsyncEnvironment, rsyncFlags, type PassResult } from '../../copy/index.ts';
import { isPlaceholder, operation, type ActContext, type Command } from '../../runbook/index.ts';
import { undoCopyByHand } from './copy-by-hand.ts';
import { copyInput, type CopyInput } from './copy-input.ts';
import { actMachine } from './copy-machine.ts';
import { checkPlaces, makeTarget, targetGuard } from './copy-places.ts';
import { previewCopy } from './copy-preview.ts';
import { copyNeeds } from './copy-needs.ts';
import { copyLaterWrites } from './copy-news.ts';
import { captureCopy, probeCopy, type CopyCaptured } from './copy-state.ts';
import { rsyncVersion } from './copy-tools.ts';
import { undoCopy } from './copy-undo.ts';

const output = z.object({
  transferredFiles: z.number(),
  transferredBytes: z.number(),
  /** After the final pass. */
  manifest: z
    .object({
      file: z.string(),
      sha256: z.string(),
      entries: z.number(),
      files: z.number(),
      bytes: z.number(),
    })
    .optional(),
  /** Of the target folder. */
  device: z.string(),
  inode: z.string(),
});

/**
 * Copies the contents of a folder with rsync: hard links, sparse files, ACLs, extended attributes, owners
 * by number. The final pass ends with a manifest of every path, against which `verifyTree` reads the
 * target. Safe to repeat after any interruption.
 *
 * Input: `from`, `to`, `pass`, `manifest`; `exclude`, `expectMount`, `into`, `bandwidth` (KiB/s), `idle`,
 * `readers`, `laterWrites`. Output: what was transferred, the target's identity, the manifest.
 * @throws StepError `copy.*` as named in src/copy and copy-places.ts, `mount.*`, `manifest.*`
 */
export const copyTree = operation({
  operation: 'copy-tree',
  version: 1,
  reversal: 'undo',
  input: copyInput,
  capture: ({ host, input, run }): Promise<CopyCaptured> => captureCopy(host, input, run.id),
  output,
  probe: ({ host, signal, input, captured, run }) => probeCopy({ host, signal }, input, captured, run.id),
  idempotent: true,
  preview: ({ host, signal, input: { from, to, exclude, expectMount } }) =>
    previewCopy({ host, signal }, { from, to, exclude, expectMount }),
  describe: ({ input, captured }) =>
    input.pass === 'warm'
      ? [passCommand(input, captured)]
      : [
          passCommand(input, captured),
          'read again what rsync took for up to date and nobody vouches for',
          `write the manifest ${input.manifest}`,
        ],
  run: copy,
  undoNeeds: copyNeeds,
  lastResort: ({ input: { to, pass }, captured: { asRoot } }) =>
    pass === 'warm'
      ? []
      : [
          `${to} is the copy. Onto a new folder of the disk that it shall return to, while nothing writes to it:`,
          { argv: ['rsync', ...rsyncFlags(asRoot), '--', `${to}/`, '/NEW/FOLDER/'] },
          {
            argv: [
              'rsync',
              ...rsyncFlags(asRoot),
              '--checksum',
              '--dry-run',
              '--itemize-changes',
              '--',
              `${to}/`,
              '/NEW/FOLDER/',
            ],
          },
        ],
  undo: {
    laterWrites: copyLaterWrites,
    describe: ({ input: { from, to }, captured }) => {
      const remove = `remove the copy in ${to}, once ${from} is seen to be whole`;
      const leave = `leave ${to} to the pass that made it, and believe nothing of it any more`;
      if (isPlaceholder(captured)) return `${remove}; or, when an earlier pass made it, ${leave}`;
      return captured.target === 'absent' || captured.target === 'empty' ? remove : leave;
    },
    run: undoCopy,
    breakGlass: undoCopyByHand,
  },
});

async function copy(
  context: ActContext<unknown, unknown, CopyInput, CopyCaptured>,
): Promise<z.input<typeof output>> {
  const { host, input, captured, run } = context;
  const { from, to, pass, manifest, exclude, bandwidth, readers, expectMount } = input;
  const { source } = await checkPlaces(host, input);
  const engine = await rsyncVersion(host);
  const target = await makeTarget(host, input);
  const result = await copyPass(
    {
      from,
      to,
      pass,
      manifest,
      exclude,
      bandwidth,
      readers,
      idle: isIdle(input),
      asRoot: captured.asRoot,
      owner: run.id,
      source,
      target,
      engine,
    },
    actMachine(context, targetGuard(host, expectMount, target)),
  );
  tell(context, result);
  const { transferredFiles, transferredBytes } = result;
  return {
    transferredFiles,
    transferredBytes,
    ...manifestOf(result.manifest),
    device: target.device,
    inode: target.inode,
  };
}

function tell({ log }: Pick<ActContext, 'log'>, { deleted, readAgain, mended, leftovers }: PassResult): void {
  if (deleted > 0) log(`${deleted} paths were removed that the source does not hold`);
  if (leftovers > 0) log(`${leftovers} half-written files of an interrupted rsync were removed`);
  if (readAgain > 0)
    log(`${readAgain} files were read again on the target, of which ${mended} were replaced`);
}

function manifestOf(summary: PassResult['manifest']): Pick<z.input<typeof output>, 'manifest'> {
  if (summary === undefined) return {};
  const { file, sha256, entries, files, bytes } = summary;
  return { manifest: { file, sha256, entries, files, bytes } };
}

function isIdle({ idle, pass }: CopyInput): boolean {
  return idle ?? pass === 'warm';
}

function passCommand(input: CopyInput, { asRoot }: CopyCaptured): Command {
  return { argv: rsyncCommand({ ...input, asRoot, idle: isIdle(input) }), env: rsyncEnvironment };
}
