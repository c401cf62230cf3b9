import { absolutePath, operation, z, type Finding, type Host } from 'migrate-runbook';
import type { Params } from './params.ts';

/** What `blkid -o export` says of a file system. */
export function parseBlkid(text: string): {
  readonly uuid: string | undefined;
  readonly type: string | undefined;
} {
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1];
  return { uuid: value('UUID'), type: value('TYPE') };
}

/**
 * Whether the old root is what it was. The reinstall has formatted the disk that it lay on: to mount "the original
 * ext4" there would mount what took its place.
 */
export function judgeOldRoot(
  found: ReturnType<typeof parseBlkid>,
  p: Pick<Params, 'source' | 'originalUuid'>,
): Finding {
  if (p.originalUuid === undefined) {
    return {
      verdict: 'FAIL',
      observed: 'its UUID was not given (originalUuid), so nobody can tell it from what took its place',
    };
  }
  if (found.type === 'ext4' && found.uuid?.toLowerCase() === p.originalUuid.toLowerCase()) {
    return { verdict: 'PASS', observed: `${p.source} is the ext4 ${found.uuid}` };
  }
  const there =
    found.type === undefined ? 'no file system' : `the ${found.type} ${found.uuid ?? 'without a UUID'}`;
  return {
    verdict: 'FAIL',
    observed: `${p.source} holds ${there}, and not the ext4 ${p.originalUuid}: the reinstall has formatted it, and the original is gone. Use its image, a disk that nobody has formatted, or the backup`,
  };
}

export async function findOldRoot(host: Host, p: Params): Promise<Finding> {
  const argv = ['blkid', '-p', '-o', 'export', '--', p.source] as const;
  const { stdout } = await host.exec({ argv }, { anyExit: true });
  return judgeOldRoot(parseBlkid(stdout), p);
}

/** Mounts the old root so that nothing is written to it, not even its journal. */
export const mountOldRoot = operation({
  operation: 'mount-old-root',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({ source: absolutePath, at: absolutePath, isImage: z.boolean() }),
  probe: async ({ host, input: { at } }) =>
    (await host.mounts()).some(({ point }) => point === at) ? 'done' : 'not-started',
  idempotent: true,
  commands: ({ input: { source, at, isImage }, sh }) => [
    sh`mkdir -p ${at}`,
    sh`mount -t ext4 -o ${isImage ? 'ro,noload,loop' : 'ro,noload'} ${source} ${at}`,
  ],
  // 32: it is not mounted (any more).
  undo: ({ input: { at }, sh }) => [sh.with({ ok: [0, 32] })`umount ${at}`],
});
