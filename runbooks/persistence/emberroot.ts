import type { Need, PersistenceEntry, PersistenceInventory } from './entry.ts';

type Details = Pick<PersistenceEntry, 'owner' | 'group' | 'mode'>;
const of =
  (kind: PersistenceEntry['kind'], need: Need) =>
  (path: string, purpose: string, details: Details = {}): PersistenceEntry => ({
    path,
    kind,
    need,
    purpose,
    ...details,
  });
const critical = of('directory', 'critical');
const required = of('directory', 'required');
const recommended = of('directory', 'recommended');
const optional = of('directory', 'optional');
const requiredFile = of('file', 'required');

/** What the machine itself keeps. */
export const systemPersistence: readonly PersistenceEntry[] = [
  requiredFile('/etc/machine-id', 'Unique machine identifier'),
  requiredFile('/etc/adjtime', 'Hardware clock state'),
  requiredFile('/etc/ssh/ssh_host_ed25519_key', 'SSH host key', { mode: '0600' }),
  requiredFile('/etc/ssh/ssh_host_ed25519_key.pub', 'SSH host key, its public half'),
  requiredFile('/etc/ssh/ssh_host_rsa_key', 'SSH host key', { mode: '0600' }),
  requiredFile('/etc/ssh/ssh_host_rsa_key.pub', 'SSH host key, its public half'),
  recommended('/var/log', 'System logs'),
  required('/var/lib/docker', 'Docker images, containers, volumes'),
  required('/var/lib/flatpak', 'Flatpak applications'),
  required('/var/lib/bluetooth', 'Bluetooth pairings'),
  required('/var/lib/nixos', 'NixOS state (uid/gid maps)'),
  required('/var/lib/NetworkManager', 'Network connections'),
  required('/var/lib/libvirt', 'QEMU/KVM virtual machines and their configuration'),
  optional('/var/lib/colord', 'Color profiles', { owner: 'colord', group: 'colord', mode: '0755' }),
  optional('/var/lib/systemd/coredump', 'Core dumps'),
];

/** What each user keeps, relative to the home. */
export const homePersistence: readonly PersistenceEntry[] = [
  // Security and logging in elsewhere
  critical('.ssh', 'SSH keys and configuration', { mode: '0700' }),
  critical('.gnupg', 'GPG keys', { mode: '0700' }),
  critical('.config/sops/age', 'Secret key of SOPS', { mode: '0700' }),
  critical('.config/Bitwarden', "The password manager's vault"),
  critical('.config/gcloud', 'Credentials of Google Cloud'),
  // The user's own data
  required('Documents', 'Documents'),
  required('Pictures', 'Pictures'),
  required('Videos', 'Videos'),
  required('Music', 'Music'),
  required('git-repos', 'All git repositories'),
  // Shell
  required('.local/share/fish', 'History of the fish shell'),
  required('.local/share/zoxide', 'Database of zoxide'),
  required('.config/atuin', 'Configuration of the synchronised shell history'),
  required('.local/share/atuin', 'Database of the synchronised shell history'),
  // Development
  required('.cargo', 'Rust packages and their credentials'),
  required('.rustup', 'Rust toolchains'),
  required('.npm', 'Cache and configuration of npm'),
  required('.local/share/nvim', 'State of Neovim'),
  required('.config/gh', 'GitHub CLI'),
  recommended('.config/git', 'Configuration of git'),
  required('.config/Code', 'Settings of VSCode'),
  required('.docker', 'Docker CLI: configuration, credentials, buildx'),
  required('.devenv', 'Global state of devenv, roots of garbage collection'),
  required('.local/share/direnv', 'Folders that direnv may load'),
  required('.config/direnv', 'Configuration of direnv'),
  // Input method
  required('.config/fcitx5', 'Configuration of Fcitx5'),
  required('.local/share/fcitx5', 'Words that Fcitx5 has learned'),
  // Browsers
  required('.mozilla/firefox', 'Firefox profile'),
  required('.zen', 'Zen browser profile'),
  required('.config/zen', 'Zen browser configuration'),
  required('.config/BraveSoftware', 'Brave browser profile'),
  required('.config/google-chrome', 'Chrome browser profile'),
  // Chat
  required('.config/discord', 'Discord'),
  required('.config/Slack', 'Slack'),
  required('.config/gurk', 'Signal client: configuration'),
  required('.local/share/gurk', 'Signal client: data'),
  required('.local/share/TelegramDesktop', 'Telegram'),
  // Applications
  recommended('.config/spotify', 'Spotify'),
  required('.steam', 'Steam'),
  required('.local/share/Steam', 'Steam games'),
  required('.local/share/mpd', 'Playlists and database of MPD'),
  required('.config/sinh-x-scripts', 'Configuration of own scripts'),
  // Desktop
  required('.config/hypr', 'Configuration of Hyprland'),
  required('.local/share/hyprland', 'State of Hyprland'),
  required('.local/share/applications', 'Desktop entries'),
  required('.local/share/icons', 'Icons'),
  of('file', 'recommended')('.config/monitors.xml', 'Arrangement of the monitors'),
  // What programs remember
  recommended('.local/state', 'State of programs, such as histories'),
];

export const emberroot: PersistenceInventory = {
  host: 'emberroot',
  persist: '/persist',
  system: [...systemPersistence],
  homes: [{ user: 'sinh', entries: [...homePersistence] }],
  expendable: [],
};
