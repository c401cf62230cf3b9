import { absolutePath, secret, z } from 'migrate-runbook';

const service = z
  .string()
  .regex(/^[a-z][\w-]*$/)
  .meta({ expects: 'the name of a service' });

export const params = z.object({
  services: z
    .array(service)
    .default(['radarr', 'plex', 'home-assistant', 'postgres'])
    .describe('Services of phase 3, each by the name of its runbook'),
  preseedFor: z
    .array(service)
    .optional()
    .describe('Services of phase 5; sonarr and those of phase 3 without postgres when left out'),
  pitr: z.boolean().default(false).describe('Whether there is a phase 6, for PostgreSQL'),
  doneBefore: z
    .array(z.string())
    .default([])
    .describe('Runbooks whose work was done without a run here, such as by hand: your word stands for it'),
  flake: absolutePath.describe('Folder of the NixOS configuration flake'),
  alsoBackUp: z
    .array(absolutePath)
    .default([])
    .describe('Folders that each phase backs up besides the flake; none that a service writes to'),
  repository: z.string().min(1).describe('The restic repository nas-primary: a folder or an address'),
  password: secret('Password of the restic repository'),
  backupHost: z.string().min(1).default('forge').describe('Name under which snapshots are kept'),
});
export type Params = z.output<typeof params>;
