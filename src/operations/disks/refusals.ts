import { StepError } from '../../errors.ts';
import type { DeviceFacts, DiskFacts } from './look-at-disk.ts';
import { isTable, memberOf, type Signature } from './signatures.ts';

/** What may be on a disk that is to be written all the same. */
export interface Allowed {
  /** Somebody has said that what is on it may be lost; never what is in use or part of something larger. */
  readonly givenUp: boolean;
  /** UUIDs of file systems that this run made itself. */
  readonly ours: readonly string[];
  /** This run wrote the table of partitions. */
  readonly ownTable: boolean;
}

/**
 * Whether a disk may be written, by what was found; the first reason that speaks against it, heaviest first.
 *
 * @param disk in a few words, for the message
 * @returns the error to throw: `disk.holds-kept`, `disk.mounted`, `disk.swap`, `disk.member`, `disk.in-use`,
 *   `disk.read-only`, `disk.not-empty`; undefined when nothing does
 */
export function whyNotWrite(disk: string, facts: DiskFacts, allowed: Allowed): StepError | undefined {
  const [kept] = facts.kept;
  if (kept !== undefined) {
    return new StepError(
      'disk.holds-kept',
      `${disk} holds ${kept.what}: ${kept.path} lies on ${kept.device}`,
      'This is another disk than is meant. Compare the serial number with the one that is printed on it.',
    );
  }
  const { devices } = facts;
  const mounted = devices.find(({ mountPoints }) => mountPoints.length > 0);
  if (mounted !== undefined) {
    return new StepError(
      'disk.mounted',
      `${disk} is in use: ${mounted.path} is mounted at ${mounted.mountPoints.join(', ')}`,
      'Nothing that is mounted is ever written. Unmount it if this is the right disk, and go on.',
    );
  }
  const swap = devices.find((device) => device.swap);
  if (swap !== undefined) {
    return new StepError(
      'disk.swap',
      `${disk} is in use: the machine swaps to ${swap.path}`,
      `If this is the right disk: swapoff ${swap.path}`,
    );
  }
  const member = firstMember(devices);
  if (member !== undefined) {
    return new StepError(
      'disk.member',
      `${disk} is part of ${member.of}: ${member.evidence}`,
      'Such a disk is never written, given up or not. Take it out of there by the means of what it belongs to, and wipe its signatures: wipefs.',
    );
  }
  const held = devices.find(({ holders, type }) => holders.length > 0 || isBuilt(type));
  if (held !== undefined) {
    const by = held.holders.length > 0 ? held.holders.join(', ') : held.type;
    return new StepError(
      'disk.in-use',
      `${disk} is in use: ${held.path} is held by ${by}`,
      'See lsblk for what is built upon it.',
    );
  }
  if (facts.readOnly) {
    return new StepError('disk.read-only', `${disk} is read-only`, 'See: blockdev --getro, and dmesg');
  }
  if (allowed.givenUp) return undefined;
  const contents = devices
    .map(({ path, signatures }) => ({ path, foreign: signatures.filter((one) => !isOurs(one, allowed)) }))
    .find(({ foreign }) => foreign.length > 0);
  if (contents === undefined) return undefined;
  return new StepError(
    'disk.not-empty',
    `${disk} is not empty: on ${contents.path} is ${contents.foreign.map(({ type }) => type).join(', ')}`,
    'If what is on it may be lost, say so where the run asks; otherwise this is another disk than is meant.',
  );
}

function firstMember(devices: readonly DeviceFacts[]): { of: string; evidence: string } | undefined {
  for (const { path, signatures, listedBy } of devices) {
    for (const signature of signatures) {
      const of = memberOf(signature);
      if (of !== undefined) return { of, evidence: `${path} bears the signature ${signature.type}` };
    }
    const [list] = listedBy;
    if (list !== undefined) {
      const of = list === '/proc/mdstat' ? 'a RAID' : 'a ZFS pool';
      return { of, evidence: `${list} lists ${path}` };
    }
  }
  return undefined;
}

/** Only disks, their partitions and loop devices stand for themselves. */
function isBuilt(type: string): boolean {
  return !['disk', 'part', 'loop'].includes(type);
}

function isOurs(signature: Signature, { ours, ownTable }: Allowed): boolean {
  if (isTable(signature)) return ownTable;
  const { uuid } = signature;
  return uuid !== null && ours.some((one) => one.toLowerCase() === uuid.toLowerCase());
}
