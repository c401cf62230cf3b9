import { z } from 'migrate-runbook';
import { withinFlake } from '../nixos-module/edits.ts';
import { flake, hostInFlake, program, unitName } from '../nixos-module/params.ts';
import { params as restoring } from '../restore-missing/params.ts';

const { limit: _, ...others } = restoring.shape;

/** Those of `restore-missing`, which go into the unit's file, and where the unit is installed. */
export const params = z.object({
  ...others,
  limit: restoring.shape.limit
    .unwrap()
    .optional()
    .describe('How long all sources together may take; 1800s for sonarr, 3600s for others'),
  unit: unitName.optional().describe('Unit of the service; SERVICE.service when left out'),
  backupUnits: z
    .array(unitName)
    .default([])
    .describe('Backup jobs of the service, which must not run while its data is missing'),
  program,
  flake,
  host: hostInFlake,
  hostFile: withinFlake
    .default('hosts/forge/default.nix')
    .describe('File of the host; the module is made beside it'),
  importsText: z
    .string()
    .default('imports = [')
    .describe('Text of the host file, there exactly once, after which the module is imported'),
});
export type Params = z.output<typeof params>;

export const unitOf = (p: Params) => p.unit ?? `${p.service}.service`;
export const preseedUnit = (p: Params) => `preseed@${p.service}.service`;

/** Parameters of `restore-missing`, as it parses them. */
export function restoreParams(p: Params) {
  const { unit: _, backupUnits: __, program: ___, flake, host, hostFile, importsText, ...rest } = p;
  void [flake, host, hostFile, importsText];
  return { ...rest, limit: p.limit ?? (p.service === 'sonarr' ? '1800s' : '3600s') };
}
