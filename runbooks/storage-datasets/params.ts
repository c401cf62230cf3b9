import { absolutePath, z } from 'migrate-runbook';
import { withinFlake } from '../nixos-module/edits.ts';
import { datasetName, flake, hostInFlake } from '../nixos-module/params.ts';

const probeProperties = { recordsize: '16K', compression: 'lz4', 'com.sun:auto-snapshot': 'false' };

export const params = z.object({
  parentDataset: datasetName
    .default('tank/persist')
    .describe('Dataset beneath which those of services are made; rpool/safe/persist on other hosts'),
  parentMount: absolutePath.default('/persist').describe('Folder beneath which each is mounted'),
  flake,
  host: hostInFlake,
  hostFile: withinFlake.default('hosts/forge/default.nix').describe('File of the host'),
  importsText: z
    .string()
    .min(1)
    .default('imports = [')
    .describe('Text that the host file and the file of the modules hold exactly once'),
  moduleFile: withinFlake
    .default('hosts/_modules/nixos/storage/datasets.nix')
    .describe('Where the module is made'),
  modulesFile: withinFlake
    .default('hosts/_modules/nixos/default.nix')
    .describe('File that imports the modules'),
  probe: z
    .boolean()
    .default(true)
    .describe('Prove the module by a dataset that a copy of the configuration declares; it is removed again'),
  probeProperties: z
    .record(z.string().regex(/^[\w:.-]+$/), z.string())
    .default(probeProperties)
    .describe('Properties of that dataset, such as services will have; the pool must support them'),
});
export type Params = z.output<typeof params>;

/** The unit of the module. */
export const unit = 'zfs-service-datasets.service';

export const inFlake = (p: Params, file: string) => `${p.flake}/${file}`;

/** The dataset by which the module is proven; no other run has it. */
export function probeDataset(p: Params, run: { readonly id: string }) {
  const name = `migrate-probe-${run.id.slice(-4)}`;
  return { name, dataset: `${p.parentDataset}/${name}`, mountPoint: `${p.parentMount}/${name}` };
}
