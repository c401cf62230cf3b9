import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isAlive, pidNamespace, self } from '../host/process.ts';
import type { ProcessIdentity } from '../journal/event.ts';

/** Who holds a world's folder. */
interface Owner {
  readonly process: ProcessIdentity;
  /** A PID of another namespace says nothing here. */
  readonly pidNamespace: string;
  /** The folder is meant to stay. */
  readonly kept: boolean;
}

export function writeOwner(file: string, kept: boolean): void {
  const owner: Owner = { process: self(), pidNamespace: pidNamespace(), kept };
  writeFileSync(`${file}.new`, JSON.stringify(owner));
  renameSync(`${file}.new`, file);
}

/** Whether the world in question is certainly nobody's any more; false in every doubt. */
export function isAbandoned(file: string): boolean {
  let owner: Owner;
  try {
    owner = JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    return false;
  }
  return !owner.kept && owner.pidNamespace === pidNamespace() && !isAlive(owner.process);
}
