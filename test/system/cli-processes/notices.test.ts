import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { receiver } from '../../host/notices/receiver.ts';
import { start } from '../../cli-processes/migrate.ts';
import { newPlace, writeRunbook, type Place } from '../../cli-processes/place.ts';

const timeout = 300_000;

const runbook = `import { runbook, z } from 'migrate-runbook';
export default runbook('little', { summary: 'Makes a folder', params: z.object({ world: z.string() }) })
  .step('make', {
    commands: ({ params, sh }) => [sh\`mkdir \${params.world}/made\`],
    undo: ({ params, sh }) => [sh\`rmdir \${params.world}/made\`],
  });
`;

function prefer(place: Place, preferences: object): void {
  mkdirSync(join(place.folder, 'config/migrate'), { recursive: true });
  writeFileSync(join(place.folder, 'config/migrate/config.json'), JSON.stringify(preferences));
}

const waiting = (place: Place) =>
  readdirSync(join(place.state, 'outbox')).filter((name) => name.endsWith('.json'));

function journalOf(place: Place): string {
  const [run = ''] = readdirSync(join(place.state, 'runs'));
  return readFileSync(join(place.state, 'runs', run, 'journal.jsonl'), 'utf8');
}

test(
  'a process that is killed between the end of its run and the delivery leaves the notice to the next, which sends it once, under the same id',
  { timeout },
  async () => {
    const place = newPlace();
    const { url, received } = await receiver('never', 200);
    prefer(place, { notify: `webhook:${url}`, 'notify-when': 'always' });
    const file = writeRunbook(place, 'little.ts', runbook);
    const run = start(place, ['run', file, '--set', `world=${place.world}`]);
    await vi.waitFor(() => expect(received).toHaveLength(1), { timeout: 120_000, interval: 20 });
    run.child.kill('SIGKILL');
    await run.ended;
    expect(journalOf(place)).toContain('run.completed');
    expect(journalOf(place)).not.toContain('operator.notified');
    expect(waiting(place)).toHaveLength(1);

    // Two at once send it once.
    const next = await Promise.all(
      [1, 2].map(() => start(place, ['resume', '--unattended', 'timer', '--no-input']).ended),
    );
    expect(next.map(({ exit }) => exit)).toEqual([0, 0]);
    expect(waiting(place)).toEqual([]);
    expect(received.map(({ json }) => json)).toEqual([
      expect.objectContaining({ kind: 'completed', about: 'every step is done' }),
      received[0]?.json,
    ]);
  },
);

test(
  'an endpoint that never answers holds nobody up after Ctrl-C, and the exit code stays that of the run',
  { timeout },
  async () => {
    const place = newPlace();
    const { url, received } = await receiver('never');
    prefer(place, { notify: `webhook:${url}`, 'notify-when': 'always' });
    const file = writeRunbook(place, 'little.ts', runbook);
    const run = start(place, ['run', file, '--set', `world=${place.world}`]);
    await vi.waitFor(() => expect(received).toHaveLength(1), { timeout: 120_000, interval: 20 });
    run.child.kill('SIGINT');
    const ended = await run.ended;
    expect(ended.exit, ended.stdout + ended.stderr).toBe(0);
    // Which it says when it has waited as long as it may.
    expect(ended.stdout + ended.stderr).not.toContain('it took too long');
    expect(waiting(place)).toHaveLength(1);
  },
);
