import type { Host } from '../../runbook/index.ts';

/**
 * Where a program of the server lies. Debian keeps them out of the path, in a folder for each major
 * version; elsewhere the path has them.
 *
 * @param folder of the cluster, whose version decides
 * @param programs folder of the server's programs, when it is known
 */
export async function serverProgram(
  host: Host,
  name: string,
  { folder, programs }: { readonly folder: string; readonly programs?: string | undefined },
): Promise<string> {
  if (programs !== undefined) return `${programs}/${name}`;
  const version = (await host.files.read(`${folder}/PG_VERSION`))?.trim() ?? '';
  const debian = `/usr/lib/postgresql/${version}/bin/${name}`;
  return version !== '' && (await host.files.stat(debian)) !== undefined ? debian : name;
}
