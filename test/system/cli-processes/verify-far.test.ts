import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import type { VerificationDocument } from '../../../src/render/documents/verification.ts';
import { engines, passOf } from '../../copy/engines.ts';
import { temporaryFolder } from '../../copy/folder.ts';
import { needsRoot } from '../copy/disk.ts';
import { startSshd } from '../copy/far-sshd.ts';
import { sshdPath } from './far-machine.ts';

const program = resolve(import.meta.dirname, '../../../src/cli/migrate.ts');
const [engine] = engines;

test.skipIf(needsRoot || sshdPath === undefined)(
  'migrate verify reads a copy on another machine, and finds one changed letter there',
  async () => {
    const folder = temporaryFolder();
    const at = (name: string) => join(folder, name);
    for (const name of ['from', 'to', 'bin']) mkdirSync(at(name));
    for (const name of ['one', 'two words']) writeFileSync(join(at('from'), name), `content of ${name}`);
    await passOf(engine ?? expect.fail(), 'final', {
      from: at('from'),
      to: at('to'),
      manifest: at('manifest'),
    });
    const { port, identityFile, knownHostsFile } = (await startSshd()).access;
    // What stands in the configuration of a person.
    const ssh = `exec /usr/bin/ssh -p ${port} -i ${identityFile} -o UserKnownHostsFile=${knownHostsFile} "$@"`;
    writeFileSync(join(at('bin'), 'ssh'), `#!/bin/sh\n${ssh}\n`, { mode: 0o755 });
    const env = {
      ...process.env,
      PATH: `${at('bin')}:${process.env['PATH']}`,
      MIGRATE_STATE_DIR: at('state'),
      MIGRATE_CLAIMS_DIR: at('claims'),
    };
    const verify = () => {
      const words = [program, 'verify', at('manifest'), `root@127.0.0.1:${at('to')}/`, '--json'];
      const { status, stdout, stderr } = spawnSync(process.execPath, words, { env, encoding: 'utf8' });
      expect(stderr).toBe('');
      return { status, document: JSON.parse(stdout) as VerificationDocument };
    };
    const target = `root@127.0.0.1:${at('to')}`;
    expect(verify()).toMatchObject({
      status: 0,
      document: { target, copiedTo: true, filesRead: 2, differences: 0 },
    });

    const { atime, mtime } = statSync(join(at('to'), 'two words'));
    writeFileSync(join(at('to'), 'two words'), 'c0ntent of two words');
    utimesSync(join(at('to'), 'two words'), atime, mtime);
    expect(verify()).toMatchObject({
      status: 1,
      document: { kinds: { content: 1 } },
    });
  },
);
