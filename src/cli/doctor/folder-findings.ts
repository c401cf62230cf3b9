import { join } from 'node:path';
import { MigrateError } from '../../errors.ts';
import { listClaims, type RunClaims } from '../../host/claims.ts';
import { systemFiles } from '../../host/files.ts';
import { readMounts } from '../../host/mounts.ts';
import { checkStateFolder } from '../../host/state-folder.ts';
import { warningOf } from '../../host/state-safety.ts';
import type { DoctorFinding } from '../../render/documents/doctor.ts';
import { quoteWord } from '../../runbook/command.ts';
import type { Claim } from '../../runbook/index.ts';
import type { Places } from '../runs/places.ts';

const othersBits = 0o077;
const namedAtMost = 5;

/**
 * Whether the state folder survives, and is its owner's alone.
 * @param claims of the runs that are not over
 */
export async function folderFindings(places: Places, claims: readonly Claim[]): Promise<DoctorFinding[]> {
  const { state: folder, surroundings } = places;
  const about = 'folder';
  if ((await systemFiles.stat(folder)) === undefined) {
    return [{ about, verdict: 'sound', says: 'there is none yet' }];
  }
  try {
    await checkStateFolder({ folder, mounts: await readMounts(), claims, surroundings });
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    return [{ about, verdict: 'damaged', says: error.message, ...(error.hint && { do: error.hint }) }];
  }
  const findings: DoctorFinding[] = [];
  const warning = warningOf(folder);
  if (warning !== undefined) {
    findings.push({ about, verdict: 'in-doubt', says: warning, do: 'Move it: migrate state move DIR' });
  }
  const open = await openToOthers(folder);
  if (open.length > 0) {
    const more = open.length > namedAtMost ? ` and ${open.length - namedAtMost} more` : '';
    findings.push({
      about,
      verdict: 'in-doubt',
      says: `others may read or write: ${open.slice(0, namedAtMost).join(', ')}${more}`,
      do: `chmod -R go-rwx ${quoteWord(folder)}`,
    });
  }
  return findings.length > 0
    ? findings
    : [{ about, verdict: 'sound', says: 'it survives the next boot, and belongs to its user alone' }];
}

/** What others can reach of the state folder, itself included: nothing beneath a folder that is its owner's alone. */
async function openToOthers(path: string): Promise<readonly string[]> {
  const stat = await systemFiles.stat(path);
  if (stat === undefined || stat.kind === 'symlink') return [];
  if ((stat.mode & othersBits) === 0) return [];
  const own = [path];
  if (stat.kind !== 'folder') return own;
  const names = (await systemFiles.list(path)) ?? [];
  const inner = await Promise.all(names.map((name) => openToOthers(join(path, name))));
  return [...own, ...inner.flat()];
}

/** What all runs on this machine hold, as far as it can be read. */
export async function readAllClaims(
  places: Places,
): Promise<{ readonly claims: readonly RunClaims[]; readonly findings: readonly DoctorFinding[] }> {
  const about = 'claims';
  try {
    const claims = await listClaims(places.claims);
    const lost: DoctorFinding[] = [];
    for (const { run, stateFolder } of claims) {
      const stat = await systemFiles.stat(join(stateFolder, 'runs', run)).catch(() => undefined);
      if (stat !== undefined) continue;
      lost.push({
        about,
        verdict: 'in-doubt',
        says: `${run} holds claims, and its state is not in ${stateFolder}`,
        do: `When its disk is only not mounted, leave it. When its state was deleted: rm ${quoteWord(join(places.claims, `${run}.json`))}`,
      });
    }
    const holders = claims.map(({ run }) => run).join(', ');
    const known = holders === '' ? 'no run holds any' : `held on this machine by ${holders}`;
    return { claims, findings: lost.length > 0 ? lost : [{ about, verdict: 'sound', says: known }] };
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    return {
      claims: [],
      findings: [{ about, verdict: 'damaged', says: error.message, ...(error.hint && { do: error.hint }) }],
    };
  }
}
