import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { goOnRehearsing, rehearseRollback } from '../../../src/rehearsal/rehearse.ts';
import { lookAt, obstacle, onStage, type Stage } from './services-stage.ts';

const missingProgram = existsSync('/usr/lib/postgresql') ? undefined : 'PostgreSQL is not installed';
if (missingProgram !== undefined) console.log(`rehearsals of postgres are skipped: ${missingProgram}`);
const psql = 'psql -X -q -A -t -h /run/postgresql -U postgres -d postgres';

/** Commits rows one by one without a pause, and keeps the acknowledged ones. */
const writer = `n=$(wc -l </root/kept)
while :; do
  n=$((n + 1))
  if ${psql} -c "INSERT INTO kept VALUES ($n)" >/dev/null 2>&1
  then echo $n >>/root/kept
  else sleep 0.1
  fi
done`;

const pgbench =
  '"$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)/pgbench" -h /run/postgresql -U postgres';

/** pgbench itself, again whenever the server is back; slow enough to leave the machine to the move. */
const bench = `while :; do
  ${pgbench} -n -c 1 -R 20 -T 5 postgres >/dev/null 2>&1 || sleep 0.2
done`;

async function underLoad({ world, sh }: Stage, work: () => Promise<void>): Promise<void> {
  await sh(
    `touch /root/kept; ${psql} -c 'CREATE TABLE IF NOT EXISTS kept (n int)'
     ${psql} -c 'SELECT FROM pgbench_history LIMIT 0' 2>/dev/null || ${pgbench} -i -q postgres 2>/dev/null`,
  );
  const benched = world.start(['sh', '-c', `echo $$ >/run/bench; ${bench}`]);
  const before = Number(await sh('wc -l </root/kept'));
  const loaded = world.start(['sh', '-c', `echo $$ >/run/writer; ${writer}`]);
  await sh(`until [ "$(wc -l </root/kept)" -gt ${before + 20} ]; do sleep 0.05; done`);
  await work();
  await sh('kill "$(cat /run/writer)" "$(cat /run/bench)"');
  await Promise.all([loaded.result, benched.result]);
}

/** What each transaction of pgbench changes alike in four tables; of one in half they would differ. */
const sums = ({ sh }: Stage) =>
  sh(
    `${psql} -c "SELECT count(*) > 200, count(DISTINCT s) FROM (SELECT sum(abalance) AS s FROM pgbench_accounts UNION ALL SELECT sum(tbalance) FROM pgbench_tellers UNION ALL SELECT sum(bbalance) FROM pgbench_branches UNION ALL SELECT sum(delta) FROM pgbench_history) AS a, (SELECT 1 FROM pgbench_history LIMIT 60) AS b"`,
  );

/** Rows that were acknowledged and are not there. */
const missing = async ({ sh }: Stage) => {
  await sh(
    `n=0; until ${psql} -c 'SELECT 1' >/dev/null 2>&1; do n=$((n + 1)); [ $n -lt 200 ] || exit 1; sleep 0.1; done`,
  );
  return sh(`${psql} -c 'SELECT n FROM kept' | sort >/root/have; sort /root/kept | comm -23 - /root/have`);
};
const place = ({ sh }: Stage) => sh(`${psql} -c 'SHOW data_directory'`);

/** As of each service, but for what a server itself writes to its files. */
const look = async (stage: Stage) => ({
  ...(await lookAt(stage, 'postgresql')),
  tree: await stage.sh(
    "stat -c '%n %F %a %U:%G' /persist/var/lib/postgresql /persist/var/lib/postgresql/pg_wal",
  ),
  beside: undefined,
});

/** Those that do something which a service of another kind does not, or with more than one folder. */
const killedThere = [
  'at-rest-rows',
  'final-copy',
  'copied-wal',
  'copied-snapshot',
  'copied-proof',
  'switch',
  'start',
];
/** Where a killed undo shall have come to, by the step in whose undo it is killed. */
const killedBack = [
  ['start', 'release'],
  ['switch', 'point'],
  ['copied-snapshot', 'copied-places'],
  ['copied-wal', 'copied-same'],
  ['final-copy', 'backup-at-rest'],
  ['freeze', 'stop'],
] as const;

// Two at a time, since each has a world to itself.
describe
  .skipIf(obstacle !== undefined || missingProgram !== undefined)
  .concurrent('postgres in its world', { timeout: 600_000 }, () => {
    it('moves under write load without losing an acknowledged row, and goes back with what came since', () =>
      onStage('postgres', async (stage) => {
        const { sh } = stage;
        const before = await look(stage);
        await underLoad(stage, () => stage.goOnto('let-go', { soakMin: '30m', soakMax: '2h' }));
        expect(await place(stage)).toBe('/persist/postgres-data');
        expect(await missing(stage)).toBe('');
        expect(await sums(stage)).toBe('t|1');
        expect(
          await sh('zfs get -H -o value recordsize,compression,logbias tank/persist/postgres-data'),
        ).toBe('8K\non\nlatency');
        expect(await sh('zfs get -H -o value recordsize,compression,logbias tank/persist/postgres-wal')).toBe(
          '128K\noff\nthroughput',
        );
        expect(
          await sh(
            'readlink /persist/postgres-data/pg_wal; stat -c "%U:%G %a" /persist/postgres-data /persist/postgres-wal',
          ),
        ).toBe('/persist/postgres-wal\npostgres:postgres 700\npostgres:postgres 700');
        expect(
          await sh('zfs list -H -t snapshot -o name -r tank | sed s/migrate-postgres-[0-9]*-[a-z0-9]*/RUN/'),
        ).toBe(
          ['data@RUN-at-rest', 'data@RUN', 'wal@RUN-at-rest', 'wal@RUN']
            .map((name) => `tank/persist/postgres-${name}`)
            .join('\n'),
        );
        await underLoad(stage, () => stage.goBack());
        expect(await place(stage)).toBe('/persist/var/lib/postgresql');
        expect(await missing(stage)).toBe('');
        expect(await sums(stage)).toBe('t|1');
        expect(await look(stage)).toEqual(before);
      }));

    it('comes through a kill in the middle of each step of its own, on the way there and on the way back', () =>
      onStage('postgres', async (stage) => {
        const { sh, world, said } = stage;
        const onOutput = (text: string) => void said.push(text);
        await sh(`${psql} -c 'CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n'`);
        const rows = () => sh(`${psql} -c 'SELECT count(*), sum(n) FROM kept'`);
        const before = await look(stage);
        await stage.goOnto('stop');
        for (const step of killedThere) {
          const report = await goOnRehearsing(world, { crash: `mid-act:${step}`, until: step, onOutput });
          expect(report, `${step}: ${said.join('').slice(-3_000)}`).toMatchObject({
            outcome: 'done',
            crashes: 1,
          });
        }
        expect(await place(stage)).toBe('/persist/postgres-data');
        expect(await rows()).toBe('1000|500500');
        await sh(`${psql} -c 'INSERT INTO kept VALUES (1001)'`);
        for (const [step, to] of killedBack) {
          const report = await rehearseRollback(world, { crash: `mid-undo:${step}`, to, onOutput });
          expect(report, `${step}: ${said.join('').slice(-3_000)}`).toMatchObject({
            outcome: 'done',
            crashes: 1,
          });
        }
        await stage.goBack();
        expect(await place(stage)).toBe('/persist/var/lib/postgresql');
        expect(await rows()).toBe('1001|501501');
        expect(await look(stage)).toEqual(before);
      }));
  });
