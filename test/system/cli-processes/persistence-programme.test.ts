import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { skipTime } from '../../../src/rehearsal/clock.ts';
import { startProgram } from '../../cli-processes/migrate.ts';
import { newPlace, writeRunbook } from '../../cli-processes/place.ts';

const obstacle =
  process.getuid?.() !== 0
    ? 'it needs root'
    : spawnSync('restic', ['version']).error === undefined
      ? undefined
      : 'restic is not installed';
if (obstacle !== undefined) console.log(`the programme is not run: ${obstacle}`);

const program = resolve(import.meta.dirname, 'migrate-later.ts');
const hour = 3_600_000;
const week = 7 * 24 * hour;

/** Stands in for the runbook of that name: it takes hours by the clock, and proves a backup when it is told to. */
const standIn = (name: string) => `import { runbook, z } from 'migrate-runbook';
export default runbook('${name}', {
  summary: 'Stands in for ${name}',
  params: z.object({ flake: z.string(), hours: z.number().default(1), proven: z.boolean().default(true) }),
})
  .step('prove-backup', {
    readonly: true,
    when: ({ params }) => params.proven,
    output: z.object({ proven: z.literal(true), snapshot: z.string() }),
    describe: 'prove a backup',
    run: async () => ({ proven: true, snapshot: 'f00dcafe' }),
  })
  .step('move', {
    needs: ['prove-backup'],
    idempotent: true,
    describe: 'take time',
    run: ({ host, params }) => host.clock.sleep(params.hours * 3_600_000),
    undo: () => [],
  })
  .confirm('settled', { needs: ['move'], ask: 'Is it settled?' });
`;

function machine() {
  const place = newPlace();
  const clock = join(place.folder, 'clock');
  writeFileSync(clock, '');
  const repository = join(place.folder, 'repository');
  const flake = join(place.folder, 'flake');
  mkdirSync(flake);
  writeFileSync(join(flake, 'flake.nix'), '{ }\n');
  const password = join(place.folder, 'password');
  writeFileSync(password, 'only for tests\n', { mode: 0o600 });
  const init = ['init', '--quiet', '--repo', repository, '--password-file', password];
  expect(spawnSync('restic', init).status).toBe(0);
  const migrate = async (...args: readonly string[]) => {
    const env = { MIGRATE_TEST_CLOCK: clock };
    const { exit, stdout, stderr } = await startProgram(place, program, ['--no-input', ...args], { env })
      .ended;
    return { exit, said: stdout + stderr };
  };
  const file = (name: string) => writeRunbook(place, `${name}.ts`, standIn(name));
  return {
    migrate,
    later: (milliseconds: number) => skipTime(clock, milliseconds),
    /** Runs a stand-in to its end. */
    phase: async (name: string, ...sets: readonly string[]) => {
      const words = sets.flatMap((one) => ['--set', one]);
      const { exit, said } = await migrate('run', file(name), '--yes', '--set', `flake=${flake}`, ...words);
      expect(exit, said).toBe(0);
    },
    begin: (name: string) => migrate('run', file(name), '--set', `flake=${flake}`),
    programme: [
      ...[
        '--set',
        `flake=${flake}`,
        '--set',
        `repository=${repository}`,
        '--set',
        `password=file:${password}`,
      ],
      ...['--set', 'services=["radarr"]', '--set', 'preseedFor=[]'],
    ],
    runs: () => readdirSync(join(place.state, 'runs')),
  };
}

const name = 'persistence-programme';

test.skipIf(obstacle !== undefined)(
  'a programme waits for the run of each phase and its proven backup, may rest for weeks, notices what was undone meanwhile, and tells what each took',
  { timeout: 280_000 },
  async () => {
    const { migrate, later, phase, begin, programme } = machine();
    const resume = () => migrate('resume', name);
    const goOn = () => migrate('confirm', name, 'phase-1-stop');

    const first = await migrate('run', name, ...programme);
    expect(first.exit, first.said).toBe(3);
    expect(first.said).toContain('migrate run storage-datasets --set flake=');
    expect(first.said).toContain('so far: storage-datasets: not begun');
    expect(first.said).toMatch(/phase-1-prove: done/);

    // Its gate waits: so does the phase.
    expect((await begin('storage-datasets')).exit).toBe(3);
    expect((await resume()).said).toMatch(/storage-datasets-\S+ waits at settled since/);
    const early = await migrate('confirm', name, 'phase-1-work');
    expect(early.exit, early.said).toBe(0);
    const notDone = await resume();
    expect(notDone.exit).toBe(1);
    expect(notDone.said).toMatch(/phase-1-evidence: FAIL: .*waits at settled/);
    expect((await migrate('confirm', 'storage-datasets', 'settled')).exit).toBe(0);
    expect((await migrate('resume', 'storage-datasets')).exit).toBe(0);

    const done = await resume();
    expect(done.exit, done.said).toBe(3);
    expect(done.said).toMatch(/phase 1: 1\.0 h of work, 1\.0 h from start to end; 2–3 h planned/);
    expect(done.said).toContain('You may stop here for weeks');

    later(5 * week);
    // Somebody takes phase 1 back in these weeks.
    expect((await migrate('rollback', 'storage-datasets', '--yes')).exit).toBe(0);
    expect((await goOn()).exit).toBe(0);
    const undone = await resume();
    expect(undone.exit).toBe(1);
    expect(undone.said).toMatch(
      /phase 1 does not stand any more: storage-datasets: storage-datasets-\S+ was rolled back on/,
    );
    await phase('storage-datasets', 'hours=4');

    const second = await resume();
    expect(second.exit, second.said).toBe(3);
    expect(second.said).toContain('so far: sonarr: not begun');
    await phase('sonarr', 'proven=false');
    expect((await resume()).said).toMatch(/sonarr-\S+ is completed, and proves no backup/);
    await phase('sonarr', 'hours=2.5');
    expect((await resume()).said).toMatch(/phase 2: 2\.5 h of work, .*; 2–3 h planned/);

    // From here on all that is left, as it comes.
    for (const next of ['radarr', 'zfs-replication']) await phase(next);
    const last = await migrate('resume', name, '--yes');
    expect(last.exit, last.said).toBe(0);
    expect(last.said).toMatch(/Phase 1: 4\.0 h of work, .*, more than the 2–3 h planned/);
    expect(last.said).toMatch(/All together: 8\.5 h of work, .*; 11–18 h planned/);

    // Weeks later it still tells when one of them is taken back.
    later(week);
    expect((await migrate('rollback', 'radarr', '--yes')).exit).toBe(0);
    expect((await migrate('check', name, ...programme)).said).toMatch(/radarr: radarr-\S+ was rolled back/);
  },
);
