import type { Host } from 'migrate-runbook';

type Mount = Awaited<ReturnType<Host['mounts']>>[number];

/** The mount that a path lies on: of those at the longest point, the last. */
export function mountOfPath(mounts: readonly Mount[], path: string): Mount | undefined {
  const around = mounts.filter(
    ({ point }) => point === path || path.startsWith(point === '/' ? '/' : `${point}/`),
  );
  const longest = Math.max(...around.map(({ point }) => point.length));
  return around.findLast(({ point }) => point.length === longest);
}
