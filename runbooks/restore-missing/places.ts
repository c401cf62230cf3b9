import type { Params } from './params.ts';

export function placeOf(p: Params) {
  return {
    path: p.dataPath,
    mustHold: p.mustHold,
    ...(p.dataset === undefined ? {} : { dataset: p.dataset }),
    ...(p.mountPoint === undefined ? {} : { mountPoint: p.mountPoint }),
    ...(p.sqlite.length === 0 ? {} : { sqlite: p.sqlite }),
    ...(p.postgres ? { postgres: true } : {}),
    ...(p.owner === undefined ? {} : { owner: { user: p.owner, group: p.group ?? p.owner } }),
  };
}

/** While it is there no backup of the service may run: it would keep an empty folder in place of the good ones. */
export function flagOf(p: Params): string {
  return p.flag ?? `/var/lib/migrate-preseed/${p.service}.missing`;
}

/** Best first: what takes no time, what is near, what is far. */
export function sourcesOf(p: Params) {
  const path = p.backupPath === undefined ? {} : { path: p.backupPath };
  const backup = { host: p.backupHost ?? '', tags: p.backupTags, ...path };
  return [
    ...(p.dataset !== undefined && p.snapshots ? [{ kind: 'snapshot' as const }] : []),
    ...(p.replica === undefined
      ? []
      : [
          {
            kind: 'replica' as const,
            dataset: p.replica,
            ...(p.replicaHost === undefined ? {} : { ssh: p.replicaHost }),
          },
        ]),
    ...(p.repository === undefined || p.password === undefined
      ? []
      : [{ kind: 'restic' as const, repository: p.repository, password: p.password, ...backup }]),
    ...(p.s3Repository === undefined || p.s3Password === undefined
      ? []
      : [
          {
            kind: 's3' as const,
            repository: p.s3Repository,
            password: p.s3Password,
            env: {
              ...(p.s3KeyId === undefined ? {} : { AWS_ACCESS_KEY_ID: p.s3KeyId }),
              ...(p.s3Key === undefined ? {} : { AWS_SECRET_ACCESS_KEY: p.s3Key }),
            },
            ...backup,
          },
        ]),
  ];
}

/** What is wrong with the parameters as a whole. */
export function wrongTogether(p: Params): string | undefined {
  if ((p.repository === undefined) !== (p.password === undefined))
    return 'repository and password go together';
  if ((p.s3Repository === undefined) !== (p.s3Password === undefined)) {
    return 's3Repository and s3Password go together';
  }
  if ((p.repository ?? p.s3Repository) !== undefined && p.backupHost === undefined) {
    return 'a repository needs backupHost: another machine’s backups are not this one’s';
  }
  if (p.replica !== undefined && p.dataset === undefined) return 'a replica needs dataset';
  return sourcesOf(p).length === 0 ? 'no source is given' : undefined;
}
