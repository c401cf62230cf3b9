import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { acquireLock } from '../../src/host/lock.ts';
import {
  liveDocument,
  notificationDocument,
  resultDocument,
  statusDocument,
} from '../../src/render/documents/index.ts';
import { ManualClock } from '../engine/manual-clock.ts';

const minute = 60_000;
const hour = 60 * minute;

/** Well while a file says so. */
const runbook = `import { existsSync } from 'node:fs';
import { runbook, z } from 'migrate-runbook';
export default runbook('soaks', { summary: 'Soaks', params: z.object({ world: z.string() }) })
  .step('make', {
    commands: ({ params, sh }) => [sh\`mkdir \${params.world}/made\`],
    undo: ({ params, sh }) => [sh\`rmdir \${params.world}/made\`],
  })
  .soak('settle', {
    needs: ['make'], min: '1h', max: '48h', maxGap: '20m',
    probes: [
      { name: 'web', check: ({ params }) => !existsSync(params.world + '/ill') || 'no answer' },
      { name: 'disk', check: () => true },
    ],
  });
`;

let root = '';
let clock = new ManualClock();
let out = '';
const environment = { ...process.env };

beforeEach(() => {
  // Not in the temp folder, which may lie in memory, where no state is kept.
  root = mkdtempSync('/var/tmp/migrate-soak-');
  clock = new ManualClock();
  mkdirSync(join(root, 'world'));
  writeFileSync(join(root, 'soaks.ts'), runbook);
  const tell = join(root, 'tell-me');
  writeFileSync(
    tell,
    `#!/bin/sh\nprintf '%s' "$1" >'${root}/told'; cat >'${root}/told.json'; echo >>'${root}/calls'\n`,
  );
  chmodSync(tell, 0o755);
  mkdirSync(join(root, 'config/migrate'), { recursive: true });
  writeFileSync(join(root, 'config/migrate/config.json'), JSON.stringify({ notify: tell }));
  Object.assign(process.env, {
    XDG_CONFIG_HOME: join(root, 'config'),
    MIGRATE_STATE_DIR: join(root, 'state'),
    MIGRATE_CLAIMS_DIR: join(root, 'claims'),
  });
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((out += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((out += String(text))));
});
afterEach(() => {
  vi.restoreAllMocks();
  process.env = { ...environment };
  rmSync(root, { recursive: true, force: true });
});

async function migrate(...argv: string[]): Promise<{ exit: number; out: string }> {
  out = '';
  const exit = await main(argv, { clock });
  return { exit, out };
}
const begin = (...more: string[]) =>
  migrate('run', join(root, 'soaks.ts'), '--set', `world=${root}/world`, ...more);
const timer = () => migrate('resume', '--unattended', 'timer', '--no-input');
const ill = () => writeFileSync(join(root, 'world/ill'), '');
const well = () => rmSync(join(root, 'world/ill'), { force: true });
const run = () => readdirSync(join(root, 'state/runs'))[0] ?? '';
const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
async function gate() {
  const status = statusDocument.parse(JSON.parse((await migrate('status', '--json')).out));
  return status.runs[0]?.gates[0];
}

describe('a soak at the command line', () => {
  test('is looked at by resume, the timer and --wait alike, through clock jumps and a sleep, until it opens', async () => {
    const begun = await begin();
    expect(begun).toMatchObject({ exit: 3 });
    expect(begun.out).toContain('Nobody looks by itself');
    expect(begun.out).toContain('migrate boot enable');
    clock.pass(10 * minute);
    expect(await timer()).toMatchObject({ exit: 3, out: expect.stringContaining('10 min healthy so far') });
    clock.pass(10 * minute);
    clock.jump(6 * hour);
    expect(await timer()).toMatchObject({ exit: 3, out: expect.stringContaining('the wall clock jumped') });
    clock.pass(10 * minute);
    clock.jump(-6 * hour);
    expect(await migrate('resume')).toMatchObject({
      exit: 3,
      out: expect.stringContaining('10 min healthy so far'),
    });
    clock.pass(5 * minute);
    clock.suspend(8 * hour);
    expect(await timer()).toMatchObject({ out: expect.stringContaining('the machine slept') });
    clock.pass(10 * minute);
    expect(await migrate('resume')).toMatchObject({ out: expect.stringContaining('20 min healthy so far') });

    const text = (await migrate('status')).out;
    expect(text).toContain('observed healthy for 20m of 1h');
    expect(text).toMatch(/looked at .* by a resume/);
    expect(text).toContain('web: healthy');
    expect(text).toMatch(/did not count: 8h 5m up to .*: the machine slept/);
    expect(await gate()).toMatchObject({
      ...{ countedMs: 20 * minute, remainingMs: 40 * minute, maxGapMs: 20 * minute },
      ...{ sampler: 'resume', looks: 'resume', readings: { web: true, disk: true } },
      notCounted: [
        expect.stringContaining('the wall clock jumped'),
        expect.stringContaining('the wall clock jumped'),
        expect.stringContaining('the machine slept'),
      ],
    });

    const waited = await migrate('resume', '--wait', '--json');
    expect(waited.exit).toBe(0);
    const all = lines(waited.out);
    expect(resultDocument.parse(all.pop())).toMatchObject({ status: 'completed' });
    const countdowns = all.flatMap((line) => {
      const live = liveDocument.parse(line);
      return live.type === 'countdown' ? [live] : [];
    });
    expect(countdowns.map(({ countedMs }) => countedMs / minute)).toEqual([20, 30, 40, 50, 60]);
    expect(countdowns[0]).toMatchObject({
      readings: { web: true, disk: true },
      nextLookAt: expect.stringMatching(/Z$/),
      notCounted: [{}, {}, { why: 'the machine slept' }],
    });
    expect(countdowns.at(-1)).not.toHaveProperty('nextLookAt');
    // Whoever typed --wait may be elsewhere by now. Each notice is a program of its own, so either may end first.
    const told = all.flatMap(({ event }) => {
      const { type, kind, exitCode } = (event ?? {}) as Record<string, unknown>;
      return type === 'operator.notified' ? [`${String(kind)}: ${String(exitCode)}`] : [];
    });
    expect(told.slice(-2).toSorted()).toEqual(['completed: 0', 'gate-opened: 0']);
    expect(readFileSync(join(root, 'told'), 'utf8')).toContain('every step is done');
  });

  test('stops when it is not healthy, tells the program of the operator once, and waits for a decision', async () => {
    await begin();
    clock.pass(15 * minute);
    await timer();
    ill();
    clock.pass(15 * minute);
    const stopped = await timer();
    expect(stopped.exit).toBe(3);
    expect(stopped.out).toContain('"settle" stopped, it is not healthy: web: no answer');
    expect(stopped.out).toContain(`Go back: migrate rollback ${run()}`);
    expect(stopped.out).toContain(`go on soaking: migrate resume ${run()}`);
    expect(readFileSync(join(root, 'told'), 'utf8')).toMatch(
      /^migrate on \S+, soaks-\S+: the soak "settle" stopped, it is not healthy: web: no answer\nGo back/,
    );
    const json: unknown = JSON.parse(readFileSync(join(root, 'told.json'), 'utf8'));
    expect(notificationDocument.parse(json)).toMatchObject({
      ...{ kind: 'soak-stopped', step: 'settle', runbook: 'soaks', run: run(), unattended: 'timer' },
    });
    for (let count = 0; count < 3; count += 1) {
      clock.pass(15 * minute);
      expect(await timer()).toMatchObject({ exit: 3 });
    }
    expect(readFileSync(join(root, 'calls'), 'utf8')).toBe('\n');
    const status = await migrate('status');
    expect(status.out).toContain('STOPPED, it was not healthy: web: no answer');
    expect(status.out).toMatch(/Next: migrate resume \S+, to go on soaking\n +or: migrate rollback/);
    expect(await gate()).toMatchObject({ stopped: ['web: no answer'], countedMs: 15 * minute });

    well();
    expect(await migrate('resume')).toMatchObject({
      exit: 3,
      out: expect.stringContaining('15 min healthy'),
    });
    clock.pass(15 * minute);
    expect(await timer()).toMatchObject({ exit: 3, out: expect.stringContaining('30 min healthy') });
  });

  test('goes back by the command that the hint names, and everything is as before', async () => {
    await begin();
    ill();
    await migrate('resume');
    expect(readdirSync(join(root, 'world'))).toContain('made');
    expect(await migrate('rollback', run(), '--yes')).toMatchObject({ exit: 0 });
    expect(readdirSync(join(root, 'world'))).toEqual(['ill']);
  });

  test('goes on with --wait where it was when the connection was lost', async () => {
    await begin();
    let looks = 0;
    clock.onSleep = () => {
      looks += 1;
      if (looks === 3) process.emit('SIGHUP', 'SIGHUP');
    };
    expect(await migrate('resume', '--wait')).toMatchObject({ exit: 130 });
    clock.onSleep = () => {};
    expect(await gate()).toMatchObject({ countedMs: 20 * minute });
    expect(await migrate('resume', '--wait')).toMatchObject({ exit: 0 });
  });

  test('is left alone by a timer that finds somebody at work: exit code 0, and no alarm', async () => {
    await begin();
    clock.pass(15 * minute);
    const lock = await acquireLock(join(root, 'state/runs', run()), { what: 'the run', command: 'migrate' });
    expect(await timer()).toMatchObject({ exit: 0, out: expect.stringContaining('left alone') });
    expect(await migrate('resume')).toMatchObject({ exit: 4 });
    await lock.release();
    expect(() => readFileSync(join(root, 'told'))).toThrow('ENOENT');
    expect(await timer()).toMatchObject({ exit: 3 });
  });

  test('tells nobody when the operator wants it so', async () => {
    expect(await migrate('config', 'set', 'notify', 'none')).toMatchObject({ exit: 0 });
    ill();
    expect(await begin()).toMatchObject({ exit: 3 });
    expect(() => readFileSync(join(root, 'told'))).toThrow('ENOENT');
    const journal = readFileSync(join(root, 'state/runs', run(), 'journal.jsonl'), 'utf8');
    expect(journal).toContain('soak.stopped');
    expect(journal).not.toContain('operator.notified');
  });
});

test('what keeps the unit after a boot from even working on a run is told as well', async () => {
  await begin();
  writeFileSync(join(root, 'state/runs', run(), 'journal.jsonl'), 'damaged\n');
  expect(await migrate('resume', '--unattended', 'boot', '--no-input')).toMatchObject({ exit: 6 });
  const json: unknown = JSON.parse(readFileSync(join(root, 'told.json'), 'utf8'));
  expect(notificationDocument.parse(json)).toMatchObject({ kind: 'failed', run: run(), runbook: 'soaks' });
});

test.each(['tell-me', './tell-me', 'never'])('migrate config set notify refuses %s', async (value) => {
  expect(await migrate('config', 'set', 'notify', value)).toMatchObject({
    exit: 2,
    out: expect.stringContaining('allowed: auto, none, or the absolute path of a program'),
  });
});
