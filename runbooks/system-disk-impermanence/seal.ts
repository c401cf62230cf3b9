import { createHash } from 'node:crypto';
import { operation, StepError, z, type Finding, type Host } from 'migrate-runbook';
import { describeDisk, findDisk } from 'migrate-runbook/operations';

/** What tells whether a disk was written: its table at both ends, and what its file systems say of themselves. */
export const seal = z.object({
  serial: z.string(),
  bytes: z.number(),
  /** SHA-256 by part. */
  parts: z.record(z.string(), z.string()),
});
export type Seal = z.output<typeof seal>;

/**
 * Makes the old disk read-only to this kernel, and remembers how it stands. Nothing may be mounted from it, and its file
 * system must have been left clean: a journal that is still to be replayed would be written on the first mount.
 */
export const sealOldDisk = operation({
  operation: 'seal-old-disk',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({ serial: z.string(), rootUuid: z.string() }),
  output: seal,
  idempotent: true,
  describe: ({ input }) => [
    `make the disk ${input.serial} and its partitions read-only: blockdev --setro`,
    'remember its superblocks, and both ends of it',
  ],
  run: async ({ host, input, exec }) => {
    const disk = await findDisk(host, input.serial);
    const root = await host.files.realPath(`/dev/disk/by-uuid/${input.rootUuid}`);
    const { stdout } = await exec({
      argv: ['dumpe2fs', '-h', root ?? `/dev/disk/by-uuid/${input.rootUuid}`],
    });
    if (/needs_recovery/.test(stdout)) {
      throw new StepError(
        'old.not-clean',
        `the file system on ${root} was not shut down cleanly`,
        'Boot the old disk once more, shut it down properly (systemctl poweroff), boot the installer, and go on.',
      );
    }
    for (const { path } of [disk, ...disk.children]) await exec({ argv: ['blockdev', '--setro', path] });
    return takeSeal(host, input.serial);
  },
  // The mark is the kernel's, and gone with its next boot.
  undo: () => [],
});

/** How the disk stands now; it only reads. */
export async function takeSeal(host: Host, serial: string): Promise<Seal> {
  const disk = await findDisk(host, serial);
  const parts: Record<string, string> = {};
  const mebibyte = 2 ** 20;
  const blocks = Math.floor(disk.bytes / mebibyte);
  for (const [name, skip] of [
    ['first MiB', 0],
    ['last MiB', blocks - 1],
  ] as const) {
    const argv = ['dd', `if=${disk.path}`, 'bs=1M', `skip=${skip}`, 'count=2', 'status=none'] as const;
    parts[name] = await digestOf(host, argv);
  }
  for (const [index, { path }] of disk.children.entries()) {
    // Its times of mounting and of writing, its counts, its free blocks.
    const { stdout, exitCode } = await host.exec({ argv: ['dumpe2fs', '-h', path] }, { anyExit: true });
    if (exitCode === 0) parts[`superblock of partition ${index + 1}`] = sha256(stdout);
  }
  return { serial, bytes: disk.bytes, parts };
}

/** Whether it stands as it was sealed. Where the disk is not attached any more, nobody can have written it here. */
export async function stillSealed(host: Host, before: Seal): Promise<Finding> {
  const now = await takeSeal(host, before.serial).catch((thrown: unknown) => {
    if (thrown instanceof StepError && thrown.code === 'disk.not-found') return undefined;
    throw thrown;
  });
  if (now === undefined) {
    return {
      verdict: 'BLOCKED',
      observed: `the disk ${before.serial} is not attached; attach it to have it looked at`,
    };
  }
  const changed = Object.keys(before.parts).filter((part) => before.parts[part] !== now.parts[part]);
  const disk = describeDisk(await findDisk(host, before.serial));
  if (changed.length === 0)
    return { verdict: 'PASS', observed: `${disk} is as it was: ${Object.keys(now.parts).join(', ')}` };
  return { verdict: 'FAIL', observed: `${disk} was written since: ${changed.join(', ')}` };
}

/** Text of a megabyte of a disk is no text: the hash is made beside it. */
async function digestOf(host: Host, argv: readonly [string, ...string[]]): Promise<string> {
  const script = '"$@" | sha256sum';
  const { stdout } = await host.exec({ argv: ['sh', '-c', script, 'digest', ...argv] });
  return stdout.slice(0, 64);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
