import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import S3rver from 's3rver';
import type { BarmanArchive } from '../../../../src/operations/postgres/barman.ts';
import { postgresIds, type Finish } from './cluster.ts';

export interface Bucket {
  readonly endpoint: string;
  readonly archive: BarmanArchive;
  /** With a key that the store refuses. */
  readonly wrongKey: BarmanArchive;
  stop(): Promise<void>;
  /** At the same port, with what it held. */
  startAgain(): Promise<void>;
}

/** An S3 store on loopback with one bucket, and credentials in files of the server's user. */
export async function bucket(folder: string, finish: Finish): Promise<Bucket> {
  const directory = join(folder, 's3');
  mkdirSync(directory);
  const make = (port: number) =>
    new S3rver({
      address: '127.0.0.1',
      port,
      silent: true,
      directory,
      configureBuckets: [{ name: 'archive', configs: [] }],
    });
  let server = make(0);
  const { port } = await server.run();
  finish(() => server.close().catch(() => undefined));
  const credentials = (name: string, key: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `[default]\naws_access_key_id = ${key}\naws_secret_access_key = ${key}\n`, {
      mode: 0o400,
    });
    const { uid, gid } = postgresIds();
    chownSync(path, uid, gid);
    return path;
  };
  const endpoint = `http://127.0.0.1:${port}`;
  const archive = {
    destination: 's3://archive/pg',
    name: 'pg-main',
    endpoint,
    credentials: credentials('credentials', 'S3RVER'),
  };
  return {
    endpoint,
    archive,
    wrongKey: { ...archive, credentials: credentials('wrong-credentials', 'WRONG') },
    stop: () => server.close(),
    startAgain: async () => {
      server = make(port);
      await server.run();
    },
  };
}
