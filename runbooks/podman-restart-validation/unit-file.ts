import { z, type Host } from 'migrate-runbook';

/** What lies where Home Manager puts a unit. */
export const unitFile = z.object({
  kind: z.enum(['link', 'file', 'absent', 'other']),
  /** Of a link. */
  target: z.string().nullable(),
});
export type UnitFile = z.output<typeof unitFile>;

export async function readUnitFile(host: Host, path: string): Promise<UnitFile> {
  const stat = await host.files.stat(path);
  if (stat === undefined) return { kind: 'absent', target: null };
  if (stat.kind === 'symlink') return { kind: 'link', target: (await host.files.readLink(path)) ?? null };
  return { kind: stat.kind === 'file' ? 'file' : 'other', target: null };
}

export const unitFileText = ({ kind, target }: UnitFile): string =>
  kind === 'link'
    ? `a link to ${target}`
    : { file: 'a regular file', absent: 'gone', other: 'no file' }[kind];
