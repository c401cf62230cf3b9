import { postgresShutdown, sqliteCheck } from 'migrate-runbook/operations';

type FolderOf<Params> = (params: Params) => string;

/** Reads every SQLite database wholly, while nothing writes to it. */
export function databasesSound<Params>(folder: FolderOf<Params>) {
  return {
    title: 'The databases are sound',
    use: sqliteCheck,
    with: ({ params }: { readonly params: Params }) => ({
      folder: folder(params),
      service: 'stopped' as const,
    }),
  };
}

/** The same of the copy: damage that was there before the copy has shown already. */
export function copiesSound<Params>(folder: FolderOf<Params>) {
  return { ...databasesSound(folder), title: 'Their copies are sound' };
}

/** A cluster of PostgreSQL that was shut down needs no recovery. */
export function clusterShutDown<Params>(folder: FolderOf<Params>) {
  return {
    title: 'The cluster is shut down',
    use: postgresShutdown,
    with: ({ params }: { readonly params: Params }) => ({ folder: folder(params) }),
  };
}

export interface Cluster {
  readonly systemIdentifier: string;
}

/** @param original the cluster that was copied, where one was seen */
export function sameCluster<Params, Outputs>(
  folder: FolderOf<Params>,
  original: (outputs: Outputs) => Cluster | undefined,
) {
  return {
    title: 'The copy is the same cluster, shut down',
    use: postgresShutdown,
    with: ({ params, outputs }: { readonly params: Params; readonly outputs: Outputs }) => {
      const cluster = original(outputs);
      return {
        folder: folder(params),
        ...(cluster === undefined ? {} : { systemIdentifier: cluster.systemIdentifier }),
      };
    },
  };
}
