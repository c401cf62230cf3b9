import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const root = process.getuid?.() === 0;
const migrate = resolve(import.meta.dirname, '../../../src/cli/migrate.ts');

const runbook = `import { runbook, z } from 'migrate-runbook';
export default runbook('little', { summary: 'Looks', params: z.object({}) })
  .step('look', { readonly: true, describe: 'looks', run: async () => {} });
`;

/** A name server that takes every question and answers none, in a network of its own. */
const silentNameServer = `
import { createSocket } from 'node:dgram';
const server = createSocket('udp4');
server.bind(53, '127.0.0.1', () => process.stdout.write('ready\\n'));
`;

test.skipIf(!root)(
  'a name that is looked up for ever holds up neither a run nor the end of its process (root only: a network of its own)',
  async () => {
    const folder = mkdtempSync('/var/tmp/migrate-notices-');
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, 'config/migrate'), { recursive: true });
    writeFileSync(
      join(folder, 'config/migrate/config.json'),
      JSON.stringify({ notify: 'webhook:http://hooks.example/x', 'notify-when': 'always' }),
    );
    writeFileSync(join(folder, 'little.ts'), runbook);
    writeFileSync(join(folder, 'server.mjs'), silentNameServer);
    // Left to itself the look-up would take forty seconds.
    writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:20 attempts:2\n');
    writeFileSync(join(folder, 'nsswitch.conf'), 'hosts: files dns\n');
    const script = `
set -e
ip link set lo up
mount --bind '${folder}/resolv.conf' "$(realpath /etc/resolv.conf)"
mount --bind '${folder}/nsswitch.conf' /etc/nsswitch.conf
"$NODE" '${folder}/server.mjs' >'${folder}/ready' & server=$!
trap 'kill $server' EXIT
until test -s '${folder}/ready'; do sleep 0.05; done
"$NODE" '${migrate}' run '${folder}/little.ts' && code=0 || code=$?
exit $code
`;
    const before = performance.now();
    const child = spawn('unshare', ['--net', '--mount', 'sh', '-c', script], {
      env: {
        ...process.env,
        NODE: process.execPath,
        XDG_CONFIG_HOME: join(folder, 'config'),
        MIGRATE_STATE_DIR: join(folder, 'state'),
        MIGRATE_CLAIMS_DIR: join(folder, 'claims'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stdout.on('data', (text: Buffer) => (said += text.toString()));
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    const code = await new Promise((done) => child.once('close', done));
    expect(code, said).toBe(0);
    expect(performance.now() - before).toBeLessThan(40_000);
    expect(said).toContain(
      'could not tell anybody, and tries again later: every step is done (it took too long)',
    );
    expect(said).toMatch(/every step is done/);
    const waiting = readdirSync(join(folder, 'state/outbox')).filter((name) => name.endsWith('.json'));
    expect(waiting).toHaveLength(1);
    expect(
      execFileSync('findmnt', ['--noheadings', '--output', 'TARGET', '--list']).toString(),
    ).not.toContain(folder);
  },
);
