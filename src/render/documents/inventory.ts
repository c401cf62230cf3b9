import { z } from 'zod';
import { verdict } from './verdicts.ts';

const need = z.enum(['critical', 'required', 'recommended', 'optional']);
const bytes = z.number().nullable();

export const inventoryDocument = z.object({
  type: z.literal('inventory'),
  inventory: z.string().describe('whose declarations these are'),
  host: z.string().describe('the machine that was looked at'),
  at: z.string().describe('ISO 8601, UTC'),
  persist: z.string().describe('where what outlives a boot is mounted'),
  verdict: verdict.describe('the worst of all findings; exit code 0, 7, 1 or 8'),
  declared: z.array(
    z.object({
      path: z.string(),
      kind: z.enum(['directory', 'file']),
      need,
      purpose: z.string(),
      user: z.string().optional().describe('whose home it lies in'),
      there: z.boolean(),
      bytes: bytes.describe('on the disk; null when it is not there'),
    }),
  ),
  declaredBytes: z.number(),
  findings: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      verdict,
      observed: z.string(),
      missing: z.array(z.object({ path: z.string(), need, why: z.string(), bytes })),
    }),
  ),
  undeclared: z
    .array(
      z.object({
        path: z.string(),
        bytes: z.number(),
        lostBytes: z.number().describe('what of it lies in no declared place'),
        owner: z.string(),
        group: z.string(),
        mode: z.string(),
        units: z.array(z.string()),
        package: z.string().optional(),
      }),
    )
    .describe('everything on the root file system that would be lost'),
  etc: z.object({
    source: z.enum(['nixos', 'dpkg', 'unknown']).describe('by what is known which files are generated'),
    files: z.array(
      z.object({ path: z.string(), how: z.enum(['modified', 'added']), package: z.string().optional() }),
    ),
  }),
  services: z
    .array(
      z.object({
        unit: z.string(),
        user: z.string(),
        stateDirectories: z.array(z.string()),
        workingDirectory: z.string().nullable(),
        openFolders: z.array(z.string()),
      }),
    )
    .nullable()
    .describe('running services that keep state; null where no systemd answers'),
  unreadable: z.array(z.string()),
});
export type InventoryDocument = z.infer<typeof inventoryDocument>;
