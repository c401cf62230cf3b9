import {
  absolutePath,
  operation,
  StepError,
  z,
  type Command,
  type Host,
  type UndoContext,
} from 'migrate-runbook';
import { fileSystemUuid } from 'migrate-runbook/operations';

const input = z.strictObject({
  point: absolutePath,
  type: z.enum(['tmpfs', 'vfat']),
  /** Of the file system; none for tmpfs. */
  uuid: z.string().optional(),
  options: z.string(),
});
type Input = z.output<typeof input>;

/**
 * Mounts what the installation needs besides its disks' ext4: a root in memory, and the ESP. Never over another mount.
 */
export const mountTarget = operation({
  operation: 'mount-target',
  version: 1,
  reversal: 'undo',
  input,
  probe: async ({ host, input }) => ((await mounted(host, input)) ? 'done' : 'not-started'),
  idempotent: true,
  commands: ({ input, sh }) => [sh`mkdir -p ${input.point}`, mountCommand(input)],
  verify: async ({ host, input }) => {
    if (await mounted(host, input)) return;
    throw new StepError('target.not-mounted', `nothing is mounted at ${input.point}`, 'See: findmnt, dmesg');
  },
  undo: {
    describe: ({ input }) => `unmount ${input.point}`,
    run: async ({ host, input, exec }: UndoContext<unknown, unknown, Input>) => {
      if (await mounted(host, input)) await exec({ argv: ['umount', '--', input.point] });
    },
    breakGlass: ({ input }) => [
      { argv: ['umount', '--', input.point], only: [{ is: 'mount-point', path: input.point }] },
    ],
  },
});

function mountCommand({ point, type, uuid, options }: Input): Command {
  const source = uuid === undefined ? 'none' : `/dev/disk/by-uuid/${uuid}`;
  return { argv: ['mount', '-t', type, '-o', options, source, point] };
}

async function mounted(host: Host, { point, uuid }: Input): Promise<boolean> {
  const there = (await host.mounts()).findLast((mount) => mount.point === point);
  if (there === undefined) return false;
  if (uuid === undefined || there.type !== 'vfat') return true;
  const found = await fileSystemUuid(host, there);
  if (found?.toLowerCase() === uuid.toLowerCase()) return true;
  throw new StepError(
    'target.occupied',
    `${point} is a mount of ${there.source}, which is not ${uuid}`,
    `Unmount it: umount ${point}`,
  );
}

/** What mounts everything again, when the installer was rebooted in between. */
export function mountScript(
  mounts: readonly {
    readonly point: string;
    readonly type: string;
    readonly source: string;
    readonly options: string;
  }[],
): string {
  const lines = mounts.map(
    ({ point, type, source, options }) =>
      `mkdir -p '${point}' && { mountpoint -q '${point}' || mount -t ${type} -o ${options} '${source}' '${point}'; }`,
  );
  return [
    '#!/bin/sh',
    '# Mounts again what the installation needs, after a reboot of the installer.',
    'set -eu',
    ...lines,
    '',
  ].join('\n');
}
