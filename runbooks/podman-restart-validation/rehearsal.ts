import type { RehearsalPlan } from 'migrate-runbook';

const flake = '/home/admin/nixcfg';

/** A sound machine: each test says PASS. */
export const rehearsal: RehearsalPlan = {
  params: { user: 'admin', flake, healthFile: '/home/admin/restart-probe/health' },
  nixosPodman: { flake, host: 'wsl', traits: ['heals'] },
  notCompared: [
    // The fake systemd's own; what it knows is asked of it.
    '/run/systemd/world-units',
    '/run/user/1000/systemd',
    ...['/var/log', '/run/user/1000'].map((folder) => `${folder}/world-journal`),
    // Since when containers run: restarts are the tests.
    '/run/user/1000/world-podman',
  ],
  // A rebuild heals the drift here, and activation does anywhere: it is no undo of theirs that brings it back.
  leaves: Object.fromEntries(
    ['rebuild-over-drift', 'activate'].map((step) => [step, ['/home/admin/.config/systemd/user']]),
  ),
  looks: [
    ['systemctl', 'list-units', '--no-legend'],
    [
      ...['setpriv', '--reuid=1000', '--regid=1000', '--init-groups', 'env'],
      ...[
        'HOME=/home/admin',
        'XDG_RUNTIME_DIR=/run/user/1000',
        'systemctl',
        '--user',
        'list-units',
        '--no-legend',
      ],
    ],
  ],
};
