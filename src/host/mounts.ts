import { readFile } from 'node:fs/promises';
import { parseMountInfo, type Mount } from '../runbook/index.ts';

/** The mount table as this process sees it. */
export async function readMounts(): Promise<readonly Mount[]> {
  return parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8'));
}
