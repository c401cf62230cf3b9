import { z } from 'zod';
import {
  describeDifference,
  formatBytes,
  identify,
  isCopy,
  moment,
  momentFar,
  openManifest,
  verify,
  VerifiedLog,
  verifiedLogFile,
  type FolderIdentity,
  type Manifest,
  type Moment,
  type Verification,
} from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import { absolutePath, operation, type Host } from '../../runbook/index.ts';
import { anyPlace, placeText } from '../far/far-place.ts';
import { expectedMount } from './copy-input.ts';
import { withSide, type Side } from './copy-sides.ts';
import { momentNow } from './moment.ts';
import { requireMounted } from '../mounts/require-mount.ts';

/** Evidence that a copy was equal to its manifest, and when. */
export const verification = z.object({
  target: z.string(),
  /** SHA-256 of the manifest. */
  manifest: z.string(),
  entries: z.number(),
  filesRead: z.number(),
  /** Those that a verification which was interrupted had read. */
  filesReadBefore: z.number(),
  bytesRead: z.number(),
  differences: z.literal(0),
  /** Whether the disk was read, or possibly only the memory that remembers it. */
  cache: z.enum(['bypassed', 'may be cached']),
  /** When the first of it was read. */
  verifiedAt: moment,
});

/** Milliseconds after which an interrupted verification begins anew. */
const goesOnWithin = 24 * 3_600_000;

// A wrong tree differs in everything.
const toldAtMost = 1_000;

/**
 * Reads the whole target, from its disk where that can be, and compares it with the manifest of the
 * copy: content, names, types, modes, owners, times, links, attributes. The source is not needed. One
 * that is interrupted goes on, within a day, where it was.
 *
 * Input: `target`; `manifest`, its file; `digest`, its SHA-256 where a step recorded it; `readers`, how
 * many files at a time; `expectMount`. Output: the evidence.
 * @throws StepError `verify.differs` with the first differences and their kinds, `verify.other-tree`,
 *   `manifest.missing`, `manifest.incomplete`, `manifest.damaged`, `manifest.other`
 */
export const verifyTree = operation({
  operation: 'verify-tree',
  version: 1,
  reversal: 'readonly',
  input: z.strictObject({
    /** A folder here, or `{ host, path }` on another machine. */
    target: anyPlace,
    manifest: absolutePath,
    digest: z.string().optional(),
    readers: z.number().int().min(1).max(64).optional(),
    expectMount: expectedMount.optional(),
  }),
  output: verification,
  idempotent: true,
  describe: ({ input }) => `read all of ${placeText(input.target)} and compare it with ${input.manifest}`,
  run: async ({ host, input, progress, signal, log, run }) =>
    withSide({ host, signal, scratch: run.folder }, input.target, async (side) => {
      const { place: target, tree } = side;
      const { readers, expectMount } = input;
      const manifest = openManifest(input.manifest, input.digest);
      const guard = async () => {
        if (expectMount !== undefined) await requireMounted(side.host, expectMount);
        requireIsCopy(manifest, await side.identify(), target);
      };
      await guard();
      // What was just written is no longer in memory alone, and can be forgotten there.
      await side.far?.tree.sync();
      const memory = await memoryOf(side, manifest);
      const { log: remembered } = memory;
      let told = 0;
      const result = await verify(
        {
          manifest,
          target: side.path,
          tree,
          readers,
          log: remembered,
          onDifference: (difference) => {
            told += 1;
            if (told <= toldAtMost) log(describeDifference(difference));
          },
        },
        { progress, signal, now: () => performance.now() },
      ).finally(() => remembered.close());
      await guard();
      log(`read ${formatBytes(result.bytesRead)} in ${result.filesRead} files (page cache: ${result.cache})`);
      if (result.filesReadBefore > 0)
        log(
          `${result.filesReadBefore} files were read since ${new Date(remembered.since.wall).toISOString()}`,
        );
      if (result.differences > 0) throw differs(result);
      remembered.remove();
      const { kinds: _kinds, first: _first, ...evidence } = result;
      return { ...evidence, differences: 0 as const, verifiedAt: await memory.verifiedAt(host) };
    }),
});

/**
 * Refuses a tree that is not the one which the copy was made to: where its disk is not mounted, the path
 * may well show the old tree, which of course is as the manifest says.
 */
export function requireCopy(manifest: Manifest, target: string): void {
  requireIsCopy(manifest, identify(target), target);
}

function requireIsCopy({ header, summary }: Manifest, now: FolderIdentity | undefined, target: string): void {
  if (now === undefined)
    throw new StepError(
      'verify.other-tree',
      `there is no folder ${target}`,
      'Mount the disk that holds the copy.',
    );
  if (isCopy(header, now)) return;
  throw new StepError(
    'verify.other-tree',
    `${target} is not the folder that ${summary.file} was written for: it has inode ${now.inode}, and the copy's is ${header.target.inode}`,
    `The copy was made to ${header.target.path}. Mount its disk, or correct the path.`,
  );
}

function differs({ target, differences, kinds, first }: Verification): StepError {
  const counts = Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`);
  const lines = first.map((difference) => `  ${describeDifference(difference)}`);
  const more =
    differences > first.length ? `\n  and ${differences - first.length} more, in the log of this step` : '';
  return new StepError(
    'verify.differs',
    `${target} differs from its manifest (${counts.join(', ')}):\n${lines.join('\n')}${more}`,
    'Do not rely on the copy. To mend it, roll back to the final copy pass and resume: it then reads all of the target ' +
      'again and replaces what differs. Files that differ again point to a failing disk: see dmesg.',
  );
}

/**
 * What an interrupted verification of the same has read counts for a day, and not beyond what its clocks can
 * tell. They are those of the machine whose files it reads.
 */
async function memoryOf(
  { host, far, tree, identify: identifyThere }: Side,
  manifest: Manifest,
): Promise<{ log: VerifiedLog; verifiedAt: (here: Host) => Promise<Moment> }> {
  const { file, sha256, entries } = manifest.summary;
  const now = far === undefined ? await momentNow(host) : await momentFar(far.shell);
  const direct = await tree.readsDirectly();
  const header = { manifest: sha256, target: (await identifyThere())?.inode ?? '', since: now };
  const log = new VerifiedLog(verifiedLogFile(file), header, entries, (since) => {
    const sameBoot = since.bootId === now.bootId;
    const age = Math.max(now.wall - since.wall, sameBoot ? now.boottime - since.boottime : 0);
    // What came from memory says nothing of what the disk holds after a boot.
    return now.wall >= since.wall && age <= goesOnWithin && (direct || sameBoot);
  });
  const verifiedAt = async (here: Host): Promise<Moment> => {
    if (far === undefined) return log.since;
    // By this machine's clocks, which every later step asks.
    const age = Math.max(0, (await momentFar(far.shell)).wall - log.since.wall);
    const { wall, boottime, bootId } = await momentNow(here);
    return { wall: wall - age, boottime: boottime - age, bootId };
  };
  return { log, verifiedAt };
}
