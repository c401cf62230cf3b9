import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Machine } from './nspawn.ts';

const unitTexts = join(import.meta.dirname, '../../fixtures/worlds/nixos-zfs/lib/unit-text.js');

interface Evaluated {
  readonly environment: { readonly etc: Readonly<Record<string, { text: string }>> };
  readonly systemd: { readonly services: Readonly<Record<string, Service>> };
}

interface Service {
  readonly path?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Why no module can be evaluated here; `undefined` where one can. */
export const cannotEvaluate =
  spawnSync('nix-instantiate', ['--version']).status === 0 ? undefined : 'it needs nix-instantiate';

/**
 * Writes what a NixOS module declares into a machine, as NixOS would: files of /etc, units, and for a unit that
 * is there already what the module adds to it. The module is read by Nix itself; a unit's `PATH` is made of what it
 * names, and of little else.
 */
export async function installModule(machine: Machine, module: string): Promise<void> {
  const { serviceUnit } = (await import(unitTexts)) as {
    serviceUnit: (name: string, given: object) => { text: string };
  };
  const { environment, systemd } = evaluate(module);
  for (const [name, { text }] of Object.entries(environment.etc)) machine.write(`/etc/${name}`, text);
  for (const [name, given] of Object.entries(systemd.services)) {
    const { path } = given;
    const folders = [...(path ?? []).flatMap((each) => [`${each}/bin`, `${each}/sbin`]), '/usr/bin'];
    const { text } = serviceUnit(name, {
      ...given,
      ...(path === undefined ? {} : { environment: { ...given.environment, PATH: folders.join(':') } }),
    });
    const there = (await machine.ask('systemctl', 'show', '-P', 'FragmentPath', name)).trim() !== '';
    machine.write(`/etc/systemd/system/${name}.service${there ? '.d/module.conf' : ''}`, text);
  }
  await machine.ask('systemctl', 'daemon-reload');
}

function evaluate(module: string): Evaluated {
  const folder = mkdtempSync(join(tmpdir(), 'migrate-module-'));
  try {
    const file = join(folder, 'module.nix');
    writeFileSync(file, module);
    const args = ['--store', 'dummy://', '--eval', '--strict', '--json', '--expr', `import ${file} { }`];
    return JSON.parse(execFileSync('nix-instantiate', args, { encoding: 'utf8' })) as Evaluated;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
