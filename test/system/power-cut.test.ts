import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readJournal } from '../../src/host/journal-file.ts';
import { temporaryFolder } from '../host/folder.ts';

/**
 * Runs a program on a real ext4 until it has printed 25 lines, cuts the file system's power, and
 * copies out what the disk holds after the next mount. The namespace takes the mounts with it.
 */
const script = `
  set -e
  truncate -s 64M "$1/disk" && mkfs.ext4 -q "$1/disk" && mkdir "$1/mount"
  mount -o loop "$1/disk" "$1/mount"
  : > "$1/acknowledged"
  "$2" "$3" "$1/mount/$4" $5 > "$1/acknowledged" 2> /dev/null &
  while [ "$(wc -l < "$1/acknowledged")" -lt 25 ]; do sleep 0.02; done
  xfs_io -x -c shutdown "$1/mount"
  kill -KILL $! 2> /dev/null || true; wait $! || true
  umount "$1/mount"
  mount -o loop "$1/disk" "$1/mount"
  mkdir "$1/after" && cp -a "$1/mount/." "$1/after"
  umount "$1/mount"`;

function cutPower(program: string, ...args: [string, string]): { folder: string; acknowledged: number } {
  const folder = temporaryFolder();
  execFileSync('unshare', ['-m', 'sh', '-c', script, 'sh', folder, process.execPath, program, ...args], {
    timeout: 60_000,
  });
  const lines = readFileSync(`${folder}/acknowledged`, 'utf8').trimEnd().split('\n');
  return { folder, acknowledged: Number(lines.at(-1)) };
}

test.skipIf(process.getuid?.() !== 0)('a power cut loses no event that was acknowledged', async () => {
  for (const size of ['10', '6000']) {
    const { folder, acknowledged } = cutPower(
      'test/host/append-forever.ts',
      'journal.jsonl',
      `create ${size}`,
    );
    const { events } = await readJournal(`${folder}/after/journal.jsonl`);
    expect(acknowledged).toBeGreaterThanOrEqual(25);
    expect(events.length).toBeGreaterThanOrEqual(acknowledged);
  }
});

test.skipIf(process.getuid?.() !== 0)(
  'a power cut leaves the old content of a file or the new, whole',
  async () => {
    const { folder, acknowledged } = cutPower('test/host/replace-forever.ts', 'file', '');
    const content = readFileSync(`${folder}/after/file`, 'utf8');
    const number = Number(content.split('\n')[0]);
    expect(content).toBe(`${number}\n`.repeat(2000));
    expect(number).toBeGreaterThanOrEqual(acknowledged);
  },
);
