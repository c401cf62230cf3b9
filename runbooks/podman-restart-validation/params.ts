import { absolutePath, z } from 'migrate-runbook';
import { flake, unitName } from '../nixos-module/params.ts';

const stack = z.object({
  unit: unitName.describe('User unit of the stack'),
  container: z
    .string()
    .regex(/^[a-zA-Z0-9][\w.-]*$/)
    .describe('The container that it brings up'),
});

export const params = z.object({
  user: z
    .string()
    .regex(/^[a-z_][\w-]*$/)
    .default('nixos')
    .describe('Whose user manager runs the stacks'),
  flake,
  host: z
    .string()
    .regex(/^[\w-]+$/)
    .default('wsl')
    .describe('Name of the host in the flake'),
  stacks: z
    .tuple([stack], stack)
    .default([
      { unit: 'restart-probe-stack.service', container: 'restart-probe' },
      { unit: 'restart-probe-b-stack.service', container: 'restart-probe-b' },
    ])
    .describe('The probes; what is broken and mended is the first of them'),
  wrapper: z
    .string()
    .min(1)
    .default('apply-and-verify')
    .describe('What the ExecStart of each stack must call'),
  healthFile: absolutePath.describe("File that the first stack's health check reads; broken for a moment"),
  unhealthy: z.string().default('unhealthy\n').describe('What it holds while the health check is to fail'),
  audit: unitName
    .default('podman-provenance-audit.service')
    .describe('Unit that reconciles loaded units with their files'),
  homeManager: unitName
    .optional()
    .describe("Unit that activates the user's Home Manager; home-manager-USER.service when left out"),
  autoUpdate: unitName.default('podman-auto-update.service').describe('Unit that wraps podman auto-update'),
  mayUpdate: z
    .boolean()
    .default(false)
    .describe('Let the unit of auto-update run although containers are due; they are then updated'),
  errorImage: z
    .string()
    .optional()
    .describe("Image of the container at which auto-update is to fail; the first probe's when left out"),
  errorCommand: z.array(z.string()).default(['sleep', '900']).describe('What that container runs'),
  store: absolutePath.default('/nix/store').describe('Where a managed unit file leads to'),
});
export type Params = z.output<typeof params>;

export const timerOf = (unit: string): string => unit.replace(/\.service$/, '.timer');
export const homeManagerOf = (p: Params): string => p.homeManager ?? `home-manager-${p.user}.service`;
/** Where Home Manager puts the file of a user unit. */
export const unitPath = (home: string, unit: string): string => `${home}/.config/systemd/user/${unit}`;
