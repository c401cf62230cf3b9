import { z } from 'zod';
import {
  describeDifference,
  formatBytes,
  identify,
  isCopy,
  moment,
  openManifest,
  readsDirectly,
  verify,
  VerifiedLog,
  type Manifest,
  type Verification,
} from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import { absolutePath, operation, type Host } from '../../runbook/index.ts';
import { expectedMount } from './copy-input.ts';
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
    target: absolutePath,
    manifest: absolutePath,
    digest: z.string().optional(),
    readers: z.number().int().min(1).max(64).optional(),
    expectMount: expectedMount.optional(),
  }),
  output: verification,
  idempotent: true,
  describe: ({ input }) => `read all of ${input.target} and compare it with ${input.manifest}`,
  run: async ({ host, input, progress, signal, log }) => {
    const { target, readers, expectMount } = input;
    const manifest = openManifest(input.manifest, input.digest);
    const guard = async () => {
      if (expectMount !== undefined) await requireMounted(host, expectMount);
      requireCopy(manifest, target);
    };
    await guard();
    const remembered = await memory(host, manifest, target);
    let told = 0;
    const result = await verify(
      {
        manifest,
        target,
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
      log(`${result.filesReadBefore} files were read since ${new Date(remembered.since.wall).toISOString()}`);
    if (result.differences > 0) throw differs(result);
    remembered.remove();
    const { kinds: _kinds, first: _first, ...evidence } = result;
    return { ...evidence, differences: 0 as const, verifiedAt: remembered.since };
  },
});

/**
 * Refuses a tree that is not the one which the copy was made to: where its disk is not mounted, the path
 * may well show the old tree, which of course is as the manifest says.
 */
export function requireCopy({ header, summary }: Manifest, target: string): void {
  const now = identify(target);
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

/** What an interrupted verification of the same has read counts for a day, and not beyond what its clocks can tell. */
async function memory(host: Host, manifest: Manifest, target: string): Promise<VerifiedLog> {
  const { file, sha256, entries } = manifest.summary;
  const now = await momentNow(host);
  const direct = readsDirectly(target);
  const header = { manifest: sha256, target: identify(target)?.inode ?? '', since: now };
  return new VerifiedLog(`${file}.verifying`, header, entries, (since) => {
    const sameBoot = since.bootId === now.bootId;
    const age = Math.max(now.wall - since.wall, sameBoot ? now.boottime - since.boottime : 0);
    // What came from memory says nothing of what the disk holds after a boot.
    return now.wall >= since.wall && age <= goesOnWithin && (direct || sameBoot);
  });
}
