import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { node, newMachine, type Machine } from './nspawn.ts';

const checkout = resolve(import.meta.dirname, '../..');
const fixtures = join(checkout, 'fixtures/worlds/nixos-podman');
const packages = ['libpam-systemd', 'dbus-user-session', 'podman', 'runc', 'uidmap', 'busybox-static'];

export const user = 'nixos';
const uid = 1000;
export const flake = `/home/${user}/nixcfg`;
export const healthFile = `/home/${user}/restart-probe/health`;
export const probes = ['restart-probe', 'restart-probe-b'];
export const units = probes.map((name) => `${name}-stack.service`);

/** No overlay upon an overlay, and what the runtime is allowed in here. */
const podmanFiles = {
  '/etc/containers/storage.conf': '[storage]\ndriver = "vfs"\n',
  '/etc/containers/containers.conf':
    '[containers]\nkeyring = false\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n[engine]\nruntime = "runc"\n',
};

/** As its user, where the user's manager and podman are. */
export const asUser = (...words: readonly string[]): [string, ...string[]] => [
  'setpriv',
  `--reuid=${uid}`,
  `--regid=${uid}`,
  '--init-groups',
  'env',
  '--chdir=/',
  `HOME=/home/${user}`,
  `XDG_RUNTIME_DIR=/run/user/${uid}`,
  `DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/${uid}/bus`,
  ...words,
];

/**
 * A booted machine as a homelab on NixOS-WSL has it, with a user manager and two containers of rootless podman, all
 * of them real. NixOS and Home Manager are the fakes of the rehearsal.
 */
export async function newPodmanHost(): Promise<Machine> {
  const machine = newMachine(packages);
  for (const [path, text] of Object.entries(podmanFiles)) machine.write(path, text);
  const image = join(machine.root, 'srv/image/bin');
  mkdirSync(image, { recursive: true });
  copyFileSync(join(machine.root, 'usr/bin/busybox'), join(image, 'busybox'));
  for (const name of ['sh', 'sleep', 'grep']) symlinkSync('busybox', join(image, name));
  for (const name of ['nixos-rebuild', 'nix-env', 'nix-store']) {
    copyFileSync(join(fixtures, 'bin', name), join(machine.root, 'usr/bin', name));
  }
  await machine.boot();
  const script = `
    set -eu
    cd /
    useradd --create-home --uid ${uid} ${user}
    loginctl enable-linger ${user}
    # Debian's own, which start at boot and have nothing to do here.
    systemctl disable --quiet --now podman-auto-update.timer podman-auto-update podman-restart podman.socket podman
    systemctl reset-failed
    tar -C /srv/image -cf /srv/image.tar bin
    until [ -S /run/user/${uid}/systemd/private ]; do sleep 0.05; done
    ${asUser('podman', 'import', '--quiet', '/srv/image.tar', 'localhost/probe').join(' ')}
  `;
  await must(machine, ['bash', '-c', script]);
  await layOut(machine, []);
  for (const name of probes) {
    const folder = `/home/${user}/${name}`;
    await must(
      machine,
      asUser(
        ...[
          'podman',
          'create',
          '--quiet',
          `--name=${name}`,
          '--network=none',
          `--volume=${folder}:/probe:ro`,
        ],
        ...['--health-cmd=/bin/grep -qx healthy /probe/health', '--health-interval=disable'],
        ...['localhost/probe', 'sleep', 'infinity'],
      ),
    );
  }
  return machine;
}

/** Lays the machine out with these traits, and brings everything up. */
export async function layOut(machine: Machine, traits: readonly string[]): Promise<void> {
  const given = JSON.stringify({ user, uid, flake, host: 'wsl', traits });
  await must(machine, [node, join(fixtures, 'lib/install.js'), given]);
  const isUp = 'podman container exists restart-probe-b';
  const script = `
    set -eu
    cd /
    systemctl daemon-reload
    systemctl stop podman-provenance-audit.timer 2>/dev/null || true
    ${traits.includes('no-audit-timer') ? '' : 'systemctl start podman-provenance-audit.timer'}
    systemctl restart home-manager-${user}.service
    systemctl --user --machine=${user}@.host daemon-reload
    ! ${asUser(...isUp.split(' ')).join(' ')} || systemctl --user --machine=${user}@.host restart ${units.join(' ')}
  `;
  await must(machine, ['bash', '-c', script]);
}

async function must(machine: Machine, argv: [string, ...string[]]): Promise<void> {
  const { exitCode, stderr, stdout } = await machine.host.exec({ argv }, { anyExit: true });
  if (exitCode === 0) return;
  const why = await machine.ask('journalctl', '--boot', '--no-pager', '--lines=30', '--output=cat');
  throw new Error(`${argv.at(-1)} exited with ${exitCode}: ${stdout}${stderr}\n${why}`);
}

/** All that a run may touch, besides when containers began. */
export function lookOver(machine: Machine): Promise<string> {
  const show = `systemctl --user show ${units.join(' ')} -p Id,ActiveState,SubState,Result,FragmentPath,DropInPaths,NeedDaemonReload`;
  const script = `
    ${asUser(...show.split(' ')).join(' ')}
    ${asUser('podman', 'ps', '--all', '--format={{.Names}}').join(' ')} | sort
    ${asUser('podman', 'container', 'inspect', '--format={{.Name}}-{{.State.Status}}', ...probes).join(' ')}
    cd / && find etc/systemd/user home/${user}/.config home/${user}/restart-probe nix \\( -name restart-probe\\* -o -name health -o -name \\*.conf -o -name system\\* \\) -printf '%p %y %U %m %s %l\\n' | sort
    cat ${healthFile}
    systemctl list-units --failed --no-legend --plain
    systemctl show podman-auto-update podman-provenance-audit home-manager-${user} -p Id,ActiveState
    readlink -f /run/current-system /nix/var/nix/profiles/system
    ls /run/user/${uid} /home/${user}/.config/systemd/user
  `;
  return machine.ask('bash', '-c', script);
}
