import { readdirSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { WorldLayout } from './layout.ts';
import type { Machine } from './machine.ts';
import type { Reboot } from './protocol.ts';

/**
 * Does what the world's programs ask of the outside: a file `reboot-KIND` in the folder of requests,
 * which the fake `wsl.exe` creates. A boot that fails is told by the next command.
 */
export function watchRequests(layout: WorldLayout, machine: Machine): void {
  const folder = join(layout.shared, 'requests');
  let busy = false;
  const serve = async () => {
    if (busy) return;
    busy = true;
    try {
      for (let kind = next(); kind !== undefined; kind = next()) {
        await machine.reboot(kind).catch(() => undefined);
      }
    } finally {
      busy = false;
    }
  };
  const next = (): Reboot | undefined => {
    const name = readdirSync(folder).find(
      (file) => file === 'reboot-terminate' || file === 'reboot-shutdown',
    );
    if (name === undefined) return undefined;
    rmSync(join(folder, name));
    return name === 'reboot-terminate' ? 'terminate' : 'shutdown';
  };
  watch(folder, { persistent: false }, () => void serve());
}
