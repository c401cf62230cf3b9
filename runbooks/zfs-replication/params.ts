import { duration, z } from 'migrate-runbook';
import { withinFlake } from '../nixos-module/edits.ts';
import { datasetName, flake, hostInFlake, program, unitName } from '../nixos-module/params.ts';

export const params = z.object({
  source: datasetName.default('tank/persist').describe('Dataset that is replicated, with all beneath it'),
  destination: datasetName
    .default('backup-pool/tank-replica')
    .describe('Dataset that becomes its replica, in another pool; made by the first replication'),
  template: z
    .string()
    .regex(/^\w+$/)
    .meta({ expects: 'a name' })
    .default('production')
    .describe("Name of the snapshots' policy"),
  keep: z
    .object({
      hourly: z.number().int().min(0).default(24),
      daily: z.number().int().min(0).default(7),
      weekly: z.number().int().min(0).default(4),
      monthly: z.number().int().min(0).default(3),
    })
    .default({ hourly: 24, daily: 7, weekly: 4, monthly: 3 })
    .describe('How many snapshots of each kind sanoid keeps'),
  without: z
    .array(datasetName)
    .default(['tank/persist/plex'])
    .describe('Datasets that get no snapshots by the policy; they are replicated all the same'),
  flake,
  host: hostInFlake,
  hostFile: withinFlake.default('hosts/forge/default.nix').describe('File of the host'),
  importsText: z
    .string()
    .default('imports = [')
    .describe('Text that the host file and the file of the modules hold exactly once'),
  moduleFile: withinFlake
    .default('hosts/_modules/nixos/replication/zfs.nix')
    .describe('Where the module of the replication is made'),
  modulesFile: withinFlake
    .default('hosts/_modules/nixos/default.nix')
    .describe('File that imports the modules'),
  backupFile: withinFlake
    .default('hosts/_modules/nixos/backup.nix')
    .describe('File that holds the former snapshot job'),
  formerJob: z
    .string()
    .min(1)
    .describe('The exact text of the former snapshot job in that file, there once; it is removed last'),
  formerUnits: z
    .array(unitName)
    .min(1)
    .describe('Units of the former snapshot job, which are gone when it is removed'),
  sanoidUnit: unitName.default('sanoid.service').describe('Unit that takes and prunes snapshots'),
  syncoidUnit: unitName
    .default('syncoid-tank-persist.service')
    .describe('Unit that replicates; NixOS names it after the dataset'),
  importUnit: unitName
    .default('zfs-import-backup-pool.service')
    .describe("Unit that imports the replica's pool at boot"),
  notify: z
    .string()
    .regex(/^[\w@:.%-]+\.service$/)
    .meta({ expects: 'the full name of a unit' })
    .optional()
    .describe(
      'Unit of your own that tells of a failure; TEMPLATE and UNIT stand for which. Those of migrate are made when left out',
    ),
  program,
  backupUnits: z
    .array(unitName)
    .min(1)
    .describe('Backup jobs, which are run once to see that they still work'),
  waitForSchedule: z
    .boolean()
    .default(true)
    .describe('Wait until the schedule has taken snapshots by itself'),
  scheduleWithin: duration.default('75m').describe('How long that may take'),
  soakMin: duration.default('24h').describe('Observed healthy time before the former job goes'),
  soakMax: duration.default('48h').describe('Age past which the comparison is made again before that'),
});

export type Params = z.output<typeof params>;

export const place = ({ source, destination }: Pick<Params, 'source' | 'destination'>) => ({
  source,
  target: destination,
});

/** The timer of a unit that a schedule runs. */
export const timerOf = (service: string) => service.replace(/\.service$/, '.timer');
