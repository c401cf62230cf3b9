import type { z } from 'migrate-runbook';
import type { params } from './params.ts';

type Params = z.output<typeof params>;
interface Run {
  readonly folder: string;
}

/** The folder on the SSD that becomes the source. */
export const target = (p: Params) => `${p.storageMount}/${p.subfolder}`;

/** The SSD, which must be there for every write. */
export const storage = (p: Params) => ({ point: p.storageMount, uuid: p.storageUuid });

export const manifest = (run: Run) => `${run.folder}/manifest`;

/** What all passes of the copy have in common. */
export const copy = (p: Params, run: Run) => ({
  from: p.source,
  to: target(p),
  manifest: manifest(run),
  expectMount: storage(p),
  laterWrites: p.laterWrites,
  contents: 'nix-store' as const,
});
