import { posix } from 'node:path';
import { z } from 'zod';
import { doesNotFit, dryRun, formatBytes, type DryRun } from '../../copy/index.ts';
import { operation, type Host, type Preview, type ReadContext } from '../../runbook/index.ts';
import { placeText } from '../far/far-place.ts';
import { copyPaths, oneIsHere } from './copy-input.ts';
import { readMachine } from './copy-machine.ts';
import { checkPlaces } from './copy-places.ts';
import { farOf, withSides, type Side } from './copy-sides.ts';
import { bothAsRoot, rsyncVersion } from './copy-tools.ts';

const input = z.strictObject(copyPaths).refine(...oneIsHere);
type Input = z.output<typeof input>;

const count = z.number();

/**
 * Finds out, before anything is written, what a copy would take: bytes, files, inodes, hard links, what
 * a final pass would delete; and whether it fits into what ordinary users may use of the target.
 *
 * Input: `from`, `to`, `exclude`, `expectMount` (`point`, `uuid`). Output: the numbers.
 * @throws StepError `copy.does-not-fit` with the numbers, and as `checkPlaces` and `rsyncVersion`
 */
export const copyPreview = operation({
  operation: 'copy-preview',
  version: 1,
  reversal: 'readonly',
  input,
  output: z.object({
    files: count,
    folders: count,
    symlinks: count,
    hardLinks: count,
    inodes: count,
    bytes: count,
    transferFiles: count,
    transferBytes: count,
    deletions: count,
    firstDeletions: z.array(z.string()),
    neededBytes: count,
    neededInodes: count,
    freeBytes: count,
    /** `null` where the file system makes them as needed. */
    freeInodes: count.nullable(),
  }),
  idempotent: true,
  preview: (context) => previewCopy(context, context.input),
  describe: ({ input }) =>
    `find out what a copy of ${placeText(input.from)} to ${placeText(input.to)} takes, and whether it fits`,
  run: async (context) => {
    const { input, log } = context;
    const found = await lookAhead(context, input);
    log(summaryOf(input, found));
    if (found.shortage !== undefined) {
      throw doesNotFit(placeText(input.from), placeText(input.to), found.shortage);
    }
    return factsOf(found);
  },
});

/** The same for a plan, which names a shortage and goes on. */
export async function previewCopy(
  context: Pick<ReadContext, 'host' | 'signal'>,
  input: Input,
): Promise<Preview> {
  const found = await lookAhead(context, input, true);
  const fits = found.shortage === undefined ? '' : `; it does not fit: ${found.shortage}`;
  return {
    summary: summaryOf(input, found) + fits + estimateOf(found),
    facts: {
      ...factsOf(found),
      fits: found.shortage === undefined,
      ...(found.readingMs === undefined ? {} : { readingMs: found.readingMs }),
    },
  };
}

async function lookAhead(
  context: Pick<ReadContext, 'host' | 'signal'>,
  input: Input,
  timed = false,
): Promise<DryRun> {
  return withSides(context, input, async (sides) => {
    const { from, to } = sides;
    const { exclude } = input;
    const { compressed } = await checkPlaces(sides, input);
    await rsyncVersion(from.host);
    if (to.host !== from.host) await rsyncVersion(to.host);
    const asRoot = await bothAsRoot(sides);
    const paths = { from: from.path, to: to.path };
    const farTarget = to.far === undefined ? {} : { farTarget: await known(to) };
    return dryRun(
      { ...paths, exclude, compressed, asRoot, timed, ...farOf(sides), ...farTarget },
      readMachine(context),
    );
  });
}

async function known(to: Side) {
  const existing = await existingFolder(to.host, to.path);
  const { freeForUsers, freeInodes } = await to.host.files.space(existing);
  const inodes = freeInodes === Number.MAX_SAFE_INTEGER ? undefined : freeInodes;
  return { isEmpty: await to.isEmpty(), free: { bytes: freeForUsers, inodes } };
}

async function existingFolder(host: Host, path: string): Promise<string> {
  return path === '/' || (await host.files.stat(path)) !== undefined
    ? path
    : existingFolder(host, posix.dirname(path));
}

function summaryOf({ from, to }: Input, { source, transfer, deletions, need, free }: DryRun): string {
  const links = source.hardLinks === 0 ? '' : `, ${source.hardLinks} further hard links`;
  const gone = deletions.count === 0 ? '' : `; ${deletions.count} paths there would go`;
  const inodes =
    free.inodes === undefined ? '' : ` and ${free.inodes} inodes, of which ${need.inodes} are needed`;
  return (
    `${placeText(from)} holds ${formatBytes(source.bytes)} in ${source.files} files${links}; ` +
    `${formatBytes(transfer.bytes)} in ${transfer.files} files go to ${placeText(to)}, where ${formatBytes(free.bytes)} are free${inodes}${gone}`
  );
}

/** Nothing is written to measure, so the target may turn out to be slower. */
function estimateOf({ readingMs }: DryRun): string {
  if (readingMs === undefined) return '';
  const minutes = Math.max(1, Math.round((2 * readingMs) / 60_000));
  const time = minutes < 100 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
  return `; copying and verifying take about ${time}, where the target is as fast as the source is now`;
}

function factsOf({ source, transfer, deletions, need, free }: DryRun) {
  const { files, folders, symlinks, hardLinks, inodes, bytes } = source;
  return {
    files,
    folders,
    symlinks,
    hardLinks,
    inodes,
    bytes,
    transferFiles: transfer.files,
    transferBytes: transfer.bytes,
    deletions: deletions.count,
    firstDeletions: [...deletions.first],
    neededBytes: need.bytes,
    neededInodes: need.inodes,
    freeBytes: free.bytes,
    freeInodes: free.inodes ?? null,
  };
}
