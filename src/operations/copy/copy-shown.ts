import { StepError } from '../../errors.ts';
import { mountOf, type Host } from '../../runbook/index.ts';
import { bindSource } from '../mounts/bind-source.ts';
import { overlap } from './copy-input.ts';

/**
 * Refuses a folder that is shown in another place too, by a bind mount of it or of what holds or lies in
 * it, or that another file system is mounted in.
 *
 * @throws StepError `copy.undo-target-in-use`
 */
export async function refuseShownElsewhere(host: Host, folder: string): Promise<void> {
  const mounts = await host.mounts();
  const here = await bindSource(host, folder);
  const real = (await host.files.realPath(folder)) ?? folder;
  if (here === undefined) return;
  const own = mountOf(mounts, real);
  const elsewhere = mounts.filter(
    (mount) =>
      mount.id !== own?.id &&
      mount.device === here.device &&
      // The whole file system, mounted a second time, shows it as well, but nobody lives on that.
      mount.root !== '/' &&
      overlap(mount.root, here.root),
  );
  const within = mounts.filter(({ point }) => point.startsWith(`${real}/`));
  const places = [...new Set([...elsewhere, ...within].map(({ point }) => point))];
  if (places.length === 0) return;
  throw new StepError(
    'copy.undo-target-in-use',
    `${folder} is still in use by mounts: ${places.join(', ')}`,
    'Take these mounts back first; what the running system lives on goes away by a reboot only.',
  );
}
