import { describe, expect, it } from 'vitest';
import { goOnRehearsing, rehearseRollback } from '../../../src/rehearsal/rehearse.ts';
import { obstacle, onStage, type Stage } from './services-stage.ts';

const folder = '/persist/var/lib/sonarr';
const answer = ({ sh }: Stage, port = 8989) =>
  sh(
    `n=0; until curl -fs http://127.0.0.1:${port}/; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep 0.1; done`,
  );
const addRow = ({ sh }: Stage, id: string, port = 8989) =>
  sh(`curl -fs -d ${id} http://127.0.0.1:${port}/rows`);
const hasRow = async ({ sh }: Stage, id: string, port = 8989) =>
  (await sh(`curl -fs http://127.0.0.1:${port}/rows`)).includes(`"${id}"`);
const sourceOf = ({ sh }: Stage, point: string) => sh(`findmnt -rno SOURCE --mountpoint ${point} || true`);

/** The command that a rollback past the point of no return names, as it stands there. */
async function wayBack({ migrate }: Stage, run: string): Promise<readonly string[]> {
  const { exit, text } = await migrate(['rollback', run]);
  expect(exit, text).toBe(5);
  const line = /way-back: migrate (run .*)$/m.exec(text)?.[1] ?? '';
  expect(line).toMatch(new RegExp(`^run ${run}-back `));
  return line.match(/'[^']*'|\S+/g)?.map((word) => word.replaceAll("'", '')) ?? [];
}

const psql = 'psql -X -q -A -t -h /run/postgresql -U postgres -d postgres';
const pgReady = `n=0; until ${psql} -c 'SELECT 1' >/dev/null 2>&1; do n=$((n + 1)); [ $n -lt 200 ] || exit 1; sleep 0.1; done`;

const killedThere = ['freeze', 'snapshot', 'final-copy', 'point', 'switch', 'start', 'job-runs'];
/** Where a killed undo shall have come to, by the step in whose undo it is killed. */
const killedBack = [
  ['start', 'release'],
  ['switch', 'point'],
  ['final-copy', 'snapshot'],
  ['snapshot', 'databases'],
  ['freeze', 'stop'],
] as const;

// Two at a time, since each has a world to itself.
describe.skipIf(obstacle !== undefined).concurrent('the place of a service', { timeout: 900_000 }, () => {
  it('moves by a bind mount that a boot makes again, and its old folder is deleted beneath', () =>
    onStage('sonarr', async (stage) => {
      const { sh, world, migrate } = stage;
      const before = await sh('cat /home/admin/nix-config/hosts/_modules/nixos/services/sonarr/default.nix');
      await stage.goOnto('let-go', { point: 'bind-mount' });
      expect(await sourceOf(stage, folder)).toBe('tank/persist/sonarr');
      await addRow(stage, 'while-bound');
      await stage.goBack();
      expect(await sourceOf(stage, folder)).toBe('');
      expect(await hasRow(stage, 'while-bound')).toBe(true);
      expect(await sh('cat /home/admin/nix-config/hosts/_modules/nixos/services/sonarr/default.nix')).toBe(
        before,
      );

      await stage.goOnto(undefined, { point: 'bind-mount' });
      expect(await sourceOf(stage, folder)).toBe('tank/persist/sonarr');
      await addRow(stage, 'after-cleanup');
      expect(await sh('mount --bind /persist/var/lib /mnt && ls -A /mnt/sonarr; umount /mnt')).toBe('');
      await world.reboot();
      expect(await sourceOf(stage, folder)).toBe('tank/persist/sonarr');
      await answer(stage);
      expect(await hasRow(stage, 'after-cleanup')).toBe(true);

      const back = await migrate([...(await wayBack(stage, 'sonarr')), '--yes']);
      expect(back.exit, back.text).toBe(0);
      expect(await sourceOf(stage, folder)).toBe('');
      await answer(stage);
      expect(await hasRow(stage, 'after-cleanup')).toBe(true);
      expect(await sh(`stat -c %U:%G ${folder} ${folder}/sonarr.db`)).toBe('sonarr:sonarr\nsonarr:sonarr');
      const held = (
        await sh('zfs list -H -t snapshot -o name -r tank/persist/sonarr | grep sonarr-back')
      ).trim();
      expect(await sh(`zfs destroy ${held} 2>&1 || true`)).toMatch(/busy|holds/);

      await addRow(stage, 'in-old-folder');
      const again = await migrate(['rollback', 'sonarr-back', '--yes', '--later-writes', 'carry-back']);
      expect(again.exit, again.text).toBe(0);
      expect(await sourceOf(stage, folder)).toBe('tank/persist/sonarr');
      await answer(stage);
      expect(await hasRow(stage, 'in-old-folder')).toBe(true);
      expect(
        await sh(
          'mount --bind /persist/var/lib /mnt && ls -A /mnt/sonarr; umount /mnt; findmnt -rn | grep beneath',
        ),
      ).toBe('');
    }));

  it('is let go of by impermanence before the old folder goes, and left again for it, and back, with what came since', () =>
    onStage('radarr', async (stage) => {
      const { sh, migrate } = stage;
      const host = 'hosts/forge/default.nix';
      const text = '  environment.persistence."/persist".directories = [ "/var/lib/radarr" ];\n';
      await sh(`cd /home/admin/nix-config && sed -i '$d' ${host} && printf '%s}\\n' '${text}' >>${host}
        nixos-rebuild switch --flake /home/admin/nix-config#forge`);
      const bound = () => sh('findmnt -rno FSROOT --mountpoint /var/lib/radarr || true');
      expect(await bound()).toBe('/var/lib/radarr');
      await stage.goOnto(undefined, { impermanence: { file: host, text } });
      expect(await bound()).toBe('');
      expect(await sh(`cat /home/admin/nix-config/${host}`)).not.toContain('persistence');
      expect(await sh('ls -A /persist/var/lib')).toBe('');
      await addRow(stage, 'on-dataset', 7878);

      const back = await migrate([...(await wayBack(stage, 'radarr')), '--yes']);
      expect(back.exit, back.text).toBe(0);
      const place = () => sh('systemctl show radarr -p ExecStart | grep -o "/persist[^ ;]*" | head -n 1');
      expect(await place()).toBe('/persist/var/lib/radarr/radarr.db');
      await answer(stage, 7878);
      expect(await hasRow(stage, 'on-dataset', 7878)).toBe(true);
      await addRow(stage, 'in-old-folder', 7878);
      const again = await migrate(['rollback', 'radarr-back', '--yes', '--later-writes', 'carry-back']);
      expect(again.exit, again.text).toBe(0);
      expect(await place()).toBe('/persist/radarr/radarr.db');
      await answer(stage, 7878);
      expect(await hasRow(stage, 'in-old-folder', 7878)).toBe(true);
    }));

  it('of PostgreSQL is a bind mount too, and its WAL returns into the folder', () =>
    onStage('postgres', async (stage) => {
      const { sh, migrate } = stage;
      const rows = () => sh(`${pgReady}; ${psql} -c 'SELECT count(*), sum(n) FROM kept'`);
      const cluster = '/persist/var/lib/postgresql';
      await sh(`${pgReady}; ${psql} -c 'CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n'`);
      await stage.goOnto(undefined, { point: 'bind-mount', soakMin: '30m', soakMax: '2h' });
      expect(await sourceOf(stage, cluster)).toBe('tank/persist/postgres-data');
      expect(await sh(`readlink ${cluster}/pg_wal`)).toBe('/persist/postgres-wal');
      await sh(`${psql} -c 'INSERT INTO kept VALUES (1001)'`);
      const back = await migrate([...(await wayBack(stage, 'postgres')), '--yes']);
      expect(back.exit, back.text).toBe(0);
      expect(await sourceOf(stage, cluster)).toBe('');
      expect(await sh(`stat -c '%F %a %U' ${cluster} ${cluster}/pg_wal`)).toBe(
        'directory 700 postgres\ndirectory 700 postgres',
      );
      expect(await rows()).toBe('1001|501501');
    }));

  it('of old is come back to through kills in the middle of its steps, and left again through kills of their undos', () =>
    onStage('sonarr-back', async (stage) => {
      const { sh, world, said } = stage;
      const onOutput = (text: string) => void said.push(text);
      await answer(stage);
      await addRow(stage, 'on-dataset');
      await stage.goOnto('stop');
      for (const step of killedThere) {
        const report = await goOnRehearsing(world, { crash: `mid-act:${step}`, until: step, onOutput });
        expect(report, `${step}: ${said.join('').slice(-3_000)}`).toMatchObject({
          outcome: 'done',
          crashes: 1,
        });
      }
      await stage.goOn();
      const place = () => sh('systemctl show sonarr -p ExecStart | grep -o "/persist[^ ;]*" | head -n 1');
      expect(await place()).toBe(`${folder}/sonarr.db`);
      expect(await hasRow(stage, 'on-dataset')).toBe(true);
      await addRow(stage, 'in-old-folder');
      for (const [step, to] of killedBack) {
        const report = await rehearseRollback(world, { crash: `mid-undo:${step}`, to, onOutput });
        expect(report, `${step}: ${said.join('').slice(-3_000)}`).toMatchObject({
          outcome: 'done',
          crashes: 1,
        });
      }
      await stage.goBack();
      expect(await place()).toBe('/persist/sonarr/sonarr.db');
      await answer(stage);
      expect(await hasRow(stage, 'in-old-folder')).toBe(true);
      expect(await sh('ls -A /persist/var/lib; zfs list -H -t snapshot -o name -r tank')).toBe('');
    }));

  it('of old takes PostgreSQL with its WAL, and gives both back to their datasets with what came since', () =>
    onStage('postgres-back', async (stage) => {
      const { sh } = stage;
      const rows = () => sh(`${pgReady}; ${psql} -c 'SELECT count(*), sum(n) FROM kept'`);
      await sh(`${pgReady}; ${psql} -c 'CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n'`);
      await stage.goOnto();
      expect(await sh(`${psql} -c 'SHOW data_directory'`)).toBe('/persist/var/lib/postgresql');
      expect(await rows()).toBe('1000|500500');
      await sh(
        `${psql} -c 'INSERT INTO kept VALUES (1001)' -c 'CHECKPOINT' -c 'INSERT INTO kept VALUES (1002)'`,
      );
      await stage.goBack();
      expect(await rows()).toBe('1002|502503');
      expect(
        await sh(
          `${psql} -c 'SHOW data_directory'; readlink /persist/postgres-data/pg_wal; ls -A /persist/var/lib`,
        ),
      ).toBe('/persist/postgres-data\n/persist/postgres-wal');
    }));
});
