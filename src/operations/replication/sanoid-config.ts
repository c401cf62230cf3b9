import { StepError } from '../../errors.ts';
import type { Host } from '../../runbook/index.ts';

const usual = '/etc/sanoid';

/**
 * The folder that holds the `sanoid.conf` in force: on NixOS the unit names one in the Nix store, with
 * `--configdir`.
 *
 * @throws StepError `sanoid.no-unit`
 */
export async function sanoidFolder(host: Host, unit: string): Promise<string> {
  const argv = ['systemctl', 'show', unit, '--property=LoadState,ExecStart'] as const;
  const { stdout } = await host.exec({ argv }, { anyExit: true });
  if (!/^LoadState=loaded$/m.test(stdout)) {
    throw new StepError(
      'sanoid.no-unit',
      `there is no unit ${unit} on this machine`,
      'Name the folder that holds sanoid.conf, or enable sanoid in the configuration.',
    );
  }
  return /--configdir[= ]([^\s;"]+)/.exec(stdout)?.[1] ?? usual;
}

/** @throws StepError `sanoid.no-policy` */
export async function readSanoidConf(host: Host, folder: string): Promise<{ text: string; path: string }> {
  const path = `${folder}/sanoid.conf`;
  const text = await host.files.read(path);
  if (text !== undefined) return { text, path };
  throw new StepError(
    'sanoid.no-policy',
    `there is no ${path}`,
    'Give the folder in `config`, or build the configuration that makes it.',
  );
}

/** Arguments that keep sanoid's cache and locks in the run's folder, so that a look changes nothing. */
export function apart(folder: string, runFolder: string): readonly string[] {
  return [`--configdir=${folder}`, `--cache-dir=${runFolder}/sanoid`, `--run-dir=${runFolder}/sanoid`];
}
