import { operation, sh, StepError, z, type Host } from 'migrate-runbook';
import { account } from './account.ts';
import { asking, readStartTimes, startTimes } from './ask.ts';
import { readUnitFile, unitFile } from './unit-file.ts';

const profile = '/nix/var/nix/profiles/system';
const current = '/run/current-system';

/** Whether switching to what was built would change nothing: it runs, and it is what boots. */
export async function noOpBy(host: Host, built: string): Promise<{ isNoOp: boolean; why: string }> {
  for (const path of [current, profile]) {
    const now = await host.files.realPath(path);
    if (now !== built) {
      return {
        isNoOp: false,
        why: `${path} leads to ${now ?? 'nothing'}, and the configuration builds ${built}`,
      };
    }
  }
  return { isNoOp: true, why: `${built} runs, and is what boots` };
}

const seen = z.object({ system: z.string(), startedAt: startTimes, unitFile });
export const rebuilt = z.object({ exitCode: z.number().nullable(), before: seen, after: seen });
export type Rebuilt = z.output<typeof rebuilt>;

const input = z.strictObject({
  flake: z.string(),
  host: z.string(),
  /** What it builds, which must be what runs. */
  system: z.string(),
  account,
  containers: z.array(z.string()).readonly(),
  unitPath: z.string(),
});

/**
 * `nixos-rebuild switch` that changes nothing, and what becomes of containers and a unit file by it. What was
 * before is what was found before the first attempt.
 */
export const noOpRebuild = operation({
  operation: 'no-op-rebuild',
  version: 1,
  reversal: 'undo',
  input,
  capture: ({ host, input }) => look(host, input),
  output: rebuilt,
  probe: async ({ host, captured }) =>
    (await host.files.realPath(profile)) === captured.system ? 'not-started' : 'partial',
  idempotent: true,
  describe: ({ input }) => [sh`nixos-rebuild switch --flake ${`${input.flake}#${input.host}`}`],
  run: async ({ host, input, captured, exec, run }) => {
    const { isNoOp, why } = await noOpBy(host, input.system);
    if (!isNoOp) throw new StepError('rebuild.no-no-op', why, 'Roll back, switch, and begin again.');
    const command = sh.with({
      cwd: run.folder,
    })`nixos-rebuild switch --flake ${`${input.flake}#${input.host}`}`;
    const { exitCode } = await exec(command, { anyExit: true });
    return { exitCode, before: captured, after: await look(host, input) };
  },
  // The configuration was edited in between: back to what ran.
  undo: ({ captured }) => [
    sh`nix-env --profile ${profile} --set ${captured.system}`,
    sh`${captured.system}/bin/switch-to-configuration switch`,
  ],
});

async function look(host: Host, { account, containers, unitPath }: z.output<typeof input>) {
  return {
    system: (await host.files.realPath(profile)) ?? '',
    startedAt: await readStartTimes(asking(host), account, containers),
    unitFile: await readUnitFile(host, unitPath),
  };
}
