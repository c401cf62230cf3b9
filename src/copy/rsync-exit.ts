import { StepError } from '../errors.ts';
import type { Pass } from './rsync-command.ts';

const meanings: Readonly<Record<number, string>> = {
  3: 'it could not choose its source or target',
  10: 'socket input/output failed',
  11: 'file input/output failed',
  12: 'its two halves lost each other',
  13: 'it could not report',
  14: 'its halves could not talk',
  20: 'it was ended by a signal',
  22: 'there was not enough memory',
  23: 'some files could not be copied',
  24: 'some files vanished while they were copied',
  30: 'it waited too long for data',
};

/** Whether rsync went through the whole tree, though it may not have copied all of it. */
export function cameToItsEnd({ exitCode }: { readonly exitCode: number | null }): boolean {
  return exitCode === 0 || exitCode === 23 || exitCode === 24;
}

/**
 * Judges how rsync ended.
 *
 * @throws StepError `copy.vanished`, `copy.attributes-unsupported`, `copy.target-full`, `copy.rsync-failed`
 */
export function judgeRsync(
  pass: Pass,
  result: { readonly exitCode: number | null; readonly stderr: string },
): void {
  const { exitCode, stderr } = result;
  if (exitCode === 0) return;
  const said = firstLines(stderr);
  if (exitCode === 24) {
    // On a live source files come and go; on a frozen one nothing may.
    if (pass === 'warm') return;
    throw new StepError(
      'copy.vanished',
      `files vanished from the source during the final pass, so it was not frozen:\n${said}`,
      'Stop what still writes there, and run the step again.',
    );
  }
  if (/(set_acl|setxattr|acl_set_file|ACL).*(Operation not supported|Not supported)/i.test(stderr)) {
    throw new StepError(
      'copy.attributes-unsupported',
      `the target cannot hold the extended attributes or ACLs of the source:\n${said}`,
      'Use a target file system that can (ext4, xfs, btrfs, or ZFS with xattr=sa and acltype=posixacl).',
    );
  }
  if (/No space left on device|Disk quota exceeded/.test(stderr)) {
    throw new StepError(
      'copy.target-full',
      `the target is full:\n${said}`,
      'Make room there and run the step again; what is copied stays copied.',
    );
  }
  const how = exitCode === null ? 'it was killed' : (meanings[exitCode] ?? 'it failed');
  throw new StepError(
    'copy.rsync-failed',
    `rsync ended with ${exitCode ?? 'a signal'}: ${how}${said === '' ? '' : `\n${said}`}`,
    'Mend the cause and run the step again; what is copied stays copied.',
  );
}

function firstLines(stderr: string): string {
  const lines = stderr.trimEnd().split('\n');
  const shown = lines.slice(0, 10).map((line) => `  ${line}`);
  return lines.length > 10 ? `${shown.join('\n')}\n  and ${lines.length - 10} more lines` : shown.join('\n');
}
