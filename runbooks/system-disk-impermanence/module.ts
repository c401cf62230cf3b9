import type { PersistenceEntry } from '../persistence/entry.ts';
import { nixString } from '../nixos-module/nix-string.ts';
import { inventoryOf, type Params } from './params.ts';

/**
 * The module that persists what the inventory names. Its imports stand at the top: within `mkIf`, or anywhere in
 * `config`, they would not evaluate. Homes are persisted by the same module, so that no second one for home-manager is
 * needed, and before anybody logs in.
 */
export function moduleText(p: Params): string {
  const { persist, system, homes } = inventoryOf(p);
  return `{ inputs, ... }:
{
  imports = [ inputs.impermanence.nixosModules.impermanence ];

  boot.tmp.useTmpfs = true;

  environment.persistence."${persist}/system" = {
    hideMounts = true;
${entries('directory', system, '    ')}
${entries('file', system, '    ')}
  };

  environment.persistence."${persist}" = {
    hideMounts = true;
${homes
  .map(
    ({ user, entries: own }) => `    users.${user} = {
${entries('directory', own, '      ')}
${entries('file', own, '      ')}
    };`,
  )
  .join('\n')}
  };

  # The folder that homes are bound from; the user's alone.
  systemd.tmpfiles.rules = [
    "d ${persist}/system 0755 root root -"
    "d ${persist}/home 0755 root root -"
${homes.map(({ user }) => `    "d ${persist}/home/${user} 0700 ${user} users -"`).join('\n')}
  ];
}
`;
}

function entries(kind: 'directory' | 'file', all: readonly PersistenceEntry[], indent: string): string {
  const lines = all.filter((entry) => entry.kind === kind).map((entry) => `${indent}  ${written(entry)}`);
  const name = kind === 'directory' ? 'directories' : 'files';
  return lines.length === 0
    ? `${indent}${name} = [ ];`
    : `${indent}${name} = [\n${lines.join('\n')}\n${indent}];`;
}

function written({ kind, path, owner, group, mode }: PersistenceEntry): string {
  // A file is bound as it is.
  if (kind === 'file' || (owner ?? group ?? mode) === undefined) return nixString(path);
  const details = Object.entries({ user: owner, group, mode })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key} = ${nixString(value ?? '')};`);
  return `{ directory = ${nixString(path)};${details.join('')} }`;
}
