import { operation, z, type Finding, type Host } from 'migrate-runbook';

/** Two files: on a root path that nobody has declared, and beneath a declared one. */
export const markerPlaces = (run: { readonly id: string }) => ({
  ephemeral: `/migrate-marker-${run.id}`,
  kept: `/var/lib/nixos/migrate-marker-${run.id}`,
});

/** Writes markers, by which the next boot shows what it has kept. */
export const writeMarkers = operation({
  operation: 'write-markers',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({ paths: z.array(z.string()) }),
  probe: async ({ host, input: { paths } }) =>
    (await Promise.all(paths.map((path) => host.files.stat(path)))).every((look) => look !== undefined)
      ? 'done'
      : 'not-started',
  idempotent: true,
  commands: ({ input: { paths }, sh }) => [sh`touch -- ${paths}`, sh`sync`],
  undo: ({ input: { paths }, sh }) => [sh`rm -f -- ${paths}`],
});

/** That a boot has kept what is declared, and nothing else. */
export async function judgeMarkers(host: Host, run: { readonly id: string }): Promise<Finding> {
  const { ephemeral, kept } = markerPlaces(run);
  const [gone, there] = [await host.files.stat(ephemeral), await host.files.stat(kept)];
  const wrong = [
    ...(gone === undefined ? [] : [`${ephemeral} has outlived a boot: the root is not empty at a boot`]),
    ...(there === undefined ? [`${kept} is gone, although its folder is declared`] : []),
  ];
  return wrong.length === 0
    ? { verdict: 'PASS', observed: 'the undeclared marker is gone, the declared one is there' }
    : { verdict: 'FAIL', observed: wrong.join('; ') };
}
