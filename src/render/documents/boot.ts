import { z } from 'zod';

export const bootDocument = z.object({
  type: z.literal('boot'),
  stateFolder: z.string(),
  resumes: z.boolean().describe('unfinished runs of this state folder go on by themselves after a boot'),
  why: z.string().optional().describe('why they do not'),
  systemd: z.boolean().describe('systemd runs here'),
  nixos: z.boolean().describe('units come from the configuration of NixOS'),
  add: z.string().optional().describe('what to add to that configuration'),
  units: z.array(
    z.object({
      name: z.string(),
      file: z.string().nullable(),
      wanted: z.boolean().describe('something starts it'),
      active: z.string().describe('as systemd calls it'),
    }),
  ),
  removed: z.array(z.string()).optional().describe('files that `boot disable` removed'),
  needPerson: z
    .array(z.object({ run: z.string(), why: z.string() }))
    .describe('unfinished runs that do not go on by themselves all the same'),
});
export type BootDocument = z.infer<typeof bootDocument>;
