import { describe, expect, it } from 'vitest';
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

describe.skipIf(obstacle !== undefined)('a service whose new place is shown in the old one', () => {
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
      expect(
        await sh('zfs list -H -o name tank/persist/sonarr; zfs destroy -r tank/persist/sonarr 2>&1 || true'),
      ).toMatch(/dataset is busy|has dependent|holds/);
    }));
});
