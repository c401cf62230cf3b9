import type { Finding, Host } from 'migrate-runbook';
import { storeSoundness } from '../wsl-nix-store/live.ts';
import { acknowledgedIn } from './begin-writes.ts';
import type { Params } from './params.ts';
import { mountedOr } from './mounted.ts';
import { slots, tornSlots } from './writer.ts';

interface Begun {
  readonly folder: string;
  readonly store: string | null;
  readonly acknowledged: number;
}

/** Whether files and renames came through the end of the distribution, each whole and none older than acknowledged. */
export async function filesHold(host: Host, p: Params, begun: Begun): Promise<Finding> {
  const { folder } = begun;
  const mounted = await mountedOr(host, p);
  if (mounted !== true) return { verdict: 'FAIL', observed: mounted };
  if ((await host.files.stat(folder)) === undefined) {
    return { verdict: 'FAIL', observed: `${folder} is gone` };
  }
  const acknowledged = await acknowledgedIn(host, folder);
  const contents = await Promise.all(
    Array.from({ length: slots }, (_, slot) => host.files.read(`${folder}/slot-${slot}`)),
  );
  const torn = tornSlots(contents, acknowledged);
  const lost =
    acknowledged < begun.acknowledged
      ? [`${begun.acknowledged} was acknowledged, and now only ${acknowledged}`]
      : [];
  const { stdout, exitCode } = await host.exec(
    {
      argv: ['sha256sum', '--check', '--quiet', '--strict', '../reference.sums'],
      cwd: `${folder}/reference`,
    },
    { anyExit: true },
  );
  const changed =
    exitCode === 0
      ? []
      : [`files that nobody wrote to have changed: ${stdout.trim().split('\n').slice(0, 3).join('; ')}`];
  const wrong = [...torn, ...lost, ...changed];
  const evidence = { acknowledged, slots, wrong };
  if (wrong.length > 0) return { verdict: 'FAIL', observed: wrong.slice(0, 5).join('; '), evidence };
  if ((await host.files.stat(`${folder}/over`)) !== undefined) {
    const observed =
      'the writer had come to its own end before the distribution was terminated; run this again, and terminate it while it writes';
    return { verdict: 'BLOCKED', observed, evidence };
  }
  return {
    verdict: 'PASS',
    observed: `ended after ${acknowledged} acknowledged writes: every file is whole, none is older than acknowledged, and what nobody wrote to is as it was`,
    evidence,
  };
}

/** Whether the stores came through it: the one beside the files, which was added to, and the one in use, where a build was under way. */
export async function storesHold(host: Host, p: Params, begun: Begun): Promise<Finding> {
  if (begun.store === null)
    return { verdict: 'BLOCKED', observed: 'there is no Nix here; install it to have its store tried' };
  const small = await host.exec(
    { argv: ['nix-store', '--store', begun.store, '--verify', '--check-contents'] },
    { anyExit: true },
  );
  const asked = [
    '--extra-experimental-features',
    'nix-command',
    'path-info',
    '--all',
    '--store',
    begun.store,
  ];
  const listed = await host.exec({ argv: ['nix', ...asked] }, { anyExit: true });
  const paths = listed.stdout.split('\n').filter((line) => line.startsWith('/')).length;
  const live = await storeSoundness(host, p.source);
  const evidence = {
    pathsAdded: paths,
    store: small.stderr.trim().split('\n').slice(-3),
    live: live.observed,
  };
  if (small.exitCode !== 0) {
    return {
      verdict: 'FAIL',
      observed: `the store that was added to: ${small.stderr.trim().split('\n').slice(-3).join('; ')}`,
      evidence,
    };
  }
  // Nix makes a store where there is none, and finds nothing wrong with it.
  if (paths === 0)
    return {
      verdict: 'FAIL',
      observed: 'of what was added to the store on the disk, nothing is left',
      evidence,
    };
  if (live.verdict !== 'PASS') return { ...live, observed: `the store in use: ${live.observed}`, evidence };
  return {
    verdict: 'PASS',
    observed: `${paths} paths that were added on the disk are sound, and ${live.observed}`,
    evidence,
  };
}
