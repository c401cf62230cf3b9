import { absolutePath, duration, secret, z } from 'migrate-runbook';
import { withinFlake } from '../nixos-module/edits.ts';
import { flake, hostInFlake } from '../nixos-module/params.ts';
import type { Service } from './catalogue.ts';
import { healthShape } from './health/shape.ts';
import { hostNames } from './hosts.ts';

const datasetName = z
  .string()
  .regex(/^[A-Za-z][\w.:-]*(\/[\w.:-]+)+$/)
  .meta({ expects: 'the name of a dataset' });

/** Parameters of a service's runbook. */
export function serviceParams({ service, folder }: Pick<Service, 'service' | 'folder'>) {
  return z.object({
    host: z
      .enum(hostNames)
      .optional()
      .describe('Whose datasets are meant; found out by the pools of this machine when left out'),
    parent: datasetName.optional().describe('Dataset beneath which the new one is made, in place of host'),
    source: absolutePath.default(folder).describe('Where the data lies today'),
    mount: absolutePath.default('/persist').describe('Folder in which the new datasets are mounted'),
    drift: z
      .enum(['refuse', 'set'])
      .default('refuse')
      .describe('What becomes of a dataset that is there with other properties'),
    substitute: z
      .record(z.string().regex(/^[^=]+=[^=]+$/), z.string())
      .default({})
      .describe(
        'For a property that this pool does not support, the value it takes, as {"recordsize=1M": "128K"}',
      ),
    repository: z.string().min(1).describe('The restic repository nas-primary: a folder or an address'),
    password: secret('Password of the restic repository'),
    backupHost: z
      .string()
      .min(1)
      .optional()
      .describe("Name under which snapshots are kept; this machine's when left out"),
    backupMaxAge: duration.default('7d').describe('How old a proven backup may be when the old copy goes'),
    flake,
    flakeHost: hostInFlake,
    serviceFile: withinFlake
      .default(`hosts/_modules/nixos/services/${service}/default.nix`)
      .describe('File of the service in the flake, with its data folder and its backup job'),
    point: z
      .enum(['configuration', 'bind-mount'])
      .default('configuration')
      .describe(
        'How the service finds the new place: its configuration names it, or a bind mount shows it in the old one',
      ),
    declare: z
      .boolean()
      .default(true)
      .describe('Declare the dataset in the configuration too, under modules.storage.datasets'),
    impermanence: z
      .object({ file: withinFlake, text: z.string().min(1) })
      .optional()
      .describe(
        'Text that binds the old folder elsewhere, there once in a file of the flake; removed before cleanup',
      ),
    laterWrites: z
      .enum(['ask', 'carry-back', 'drop'])
      .default('ask')
      .describe('What a rollback does with what was written to the new place'),
    soakMin: duration.default('24h').describe('Observed healthy time before the old copy may go'),
    soakMax: duration.default('48h').describe('Age past which the proofs are made again before that'),
    ...healthShape,
  });
}

export type ServiceParams = z.output<ReturnType<typeof serviceParams>>;
