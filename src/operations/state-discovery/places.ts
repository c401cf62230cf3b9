/** Folders of which each part is looked at by itself. */
export const openedFolders = [
  '/',
  '/var',
  '/var/lib',
  '/var/spool',
  '/home',
  '/srv',
  '/opt',
  '/usr',
  '/usr/local',
] as const;

/** What a system makes by itself, or what is gone by its nature. */
export const generatedFolders: readonly string[] = [
  '/nix',
  '/boot',
  ...['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'].flatMap((name) => [`/${name}`, `/usr/${name}`]),
  ...['/usr/libexec', '/usr/share', '/usr/include', '/usr/games', '/usr/src'],
  ...['/dev', '/proc', '/sys', '/run', '/tmp'],
  ...['/var/tmp', '/var/run', '/var/lock', '/var/cache', '/var/empty'],
  '/lost+found',
];

/** Whether a path is the folder, or lies beneath it. */
export function liesIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

export function parentOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end <= 0 ? '/' : path.slice(0, end);
}
