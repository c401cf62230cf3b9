import { describe, expect, it } from 'vitest';
import { readRun, rehearseRollback } from '../../../src/rehearsal/rehearse.ts';
import { isRoot, onStage, tail, type Stage } from './tmpfs-impermanence-stage.ts';

/** All that a rollback must bring back; what a service counts, its starts, is its own. */
const look = async ({ sh }: Stage) => ({
  state: await sh(
    String.raw`find /var/lib -path /var/lib/migrate -prune -o -path /var/lib/migrate-claims -prune -o ! -name starts -printf '%p %y %m %U:%G\n' | sort; cat /var/lib/*/data`,
  ),
  configuration: await sh('cd /home/admin/nix-config && find . -type f -exec sha256sum {} + | sort'),
  persist: await sh('ls -A /persist'),
  mounts: await sh('findmnt -rno TARGET | grep -v "^/proc" | sort'),
  units: await sh('systemctl list-units --no-legend | sort'),
  system: await sh('readlink -f /nix/var/nix/profiles/system /sbin/init /run/current-system'),
});

describe.skipIf(!isRoot)('tmpfs-impermanence in its world', { timeout: 900_000 }, () => {
  it('gives the machine a root that forgets, with every service on its data; a verdict for each', () =>
    onStage(async (stage) => {
      const { sh } = stage;
      const done = await stage.go();
      expect(done.outcome, tail(stage)).toBe('done');
      expect(done.reboots).toBe(5);
      expect(await sh('findmnt -no FSTYPE,OPTIONS / | grep -o "^tmpfs\\|size=[^,]*\\|mode=755"')).toBe(
        'tmpfs\nsize=8388608k\nmode=755',
      );
      expect(await sh('cat /var/lib/plex/data /home/admin/notes.txt /etc/ssh/ssh_host_ed25519_key')).toBe(
        'sample of plex\nof the old root\na host key of cassie-box',
      );
      expect(await sh('stat -c "%U:%G %a" /var/lib/plex /var/lib/mariadb')).toBe(
        'plex:plex 750\nmariadb:mariadb 750',
      );
      expect(await sh('systemctl is-active plex.service mariadb.service podman-web.service')).toBe(
        'active\nactive\nactive',
      );
      const state = await readRun(stage.world);
      expect(state?.status).toBe('completed');
    }));

  it('goes back, before the old root is given up, with what services have written since', () =>
    onStage(async (stage) => {
      const { sh, world, said } = stage;
      const before = await look(stage);
      const back = async () => {
        const report = await rehearseRollback(world, { onOutput: (text) => void said.push(text) });
        expect(report.outcome, tail(stage)).toBe('done');
        return look(stage);
      };
      expect((await stage.go({ until: 'staged' })).outcome, tail(stage)).toBe('done');
      await sh('echo written since >>/var/lib/podman-web/data');
      expect((await stage.goOn('image')).outcome, tail(stage)).toBe('done');
      const { state, ...rest } = await back();
      expect(await sh('cat /var/lib/podman-web/data')).toBe('sample of podman-web\nwritten since');
      const { state: wanted, ...others } = before;
      expect(rest).toEqual(others);
      expect(state.replace('\nwritten since', '')).toBe(wanted);
    }));
});
