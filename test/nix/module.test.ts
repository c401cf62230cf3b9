// oxlint-disable no-template-curly-in-string -- what Nix would fill in
import { execFileSync, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nixosConfiguration } from '../../src/cli/boot/nixos.ts';
import { bootUnits, type BootUnitsGiven } from '../../src/host/boot-units.ts';

const obstacle =
  spawnSync('nix-instantiate', ['--version']).status === 0 ? undefined : 'nix-instantiate is not installed';
if (obstacle !== undefined) console.log(`the module for NixOS: skipped, since ${obstacle}`);

const given: BootUnitsGiven = {
  node: '/run/node',
  program: '/opt/migrate 1/$x/100%/"migrate".js',
  stateDir: '/srv/state',
  claimsDir: '/srv/claims',
  path: '/bin',
  everyMs: 30_000,
  mounts: [],
};

/** The value of a Nix expression. */
function evaluate(expression: string): unknown {
  const args = ['--store', 'dummy://', '--eval', '--strict', '--json', '--expr', expression];
  return JSON.parse(execFileSync('nix-instantiate', args, { encoding: 'utf8' }));
}

interface NixosUnit {
  readonly description: string;
  readonly after?: string[];
  readonly wants?: string[];
  readonly wantedBy?: string[];
  readonly unitConfig?: Record<string, unknown>;
  readonly serviceConfig?: Record<string, string>;
  readonly timerConfig?: Record<string, string>;
  readonly environment?: Record<string, string>;
}

/** What a unit of NixOS says, as lines of the same form; not where commands and mounts are, which NixOS decides. */
function linesOfNixos(unit: NixosUnit): string[] {
  const { description, after = [], wants = [], wantedBy = [], unitConfig = {}, environment = {} } = unit;
  return [
    `Description=${description}`,
    ...(after.length > 0 ? [`After=${after.join(' ')}`] : []),
    ...wants.map((name) => `Wants=${name}`),
    ...wantedBy.map((name) => `WantedBy=${name}`),
    ...Object.entries({ ...unitConfig, ...unit.serviceConfig, ...unit.timerConfig })
      .filter(([key]) => key !== 'RequiresMountsFor')
      .map(([key, value]) => `${key}=${String(value)}`),
    ...Object.entries(environment).map(([name, value]) => `Environment="${name}=${value}"`),
  ]
    .filter(isComparable)
    .map(withoutNeedlessQuotes)
    .toSorted();
}

function linesOf(name: string): string[] {
  const unit = bootUnits(given).find((each) => each.name === name);
  return Object.values(unit?.sections ?? {})
    .flatMap((settings) => settings.map(([key, value]) => `${key}=${value}`))
    .filter(isComparable)
    .map(withoutNeedlessQuotes)
    .toSorted();
}

const isComparable = (line: string) => !line.startsWith('Environment="PATH=');
const withoutNeedlessQuotes = (line: string) =>
  line.startsWith('ExecStart=') ? line.replaceAll(/"([\w/.,:@+-]+)"/g, '$1') : line;

describe.skipIf(obstacle !== undefined)('the module for NixOS', () => {
  test('says the same as the units that are written elsewhere', () => {
    const { program, node, stateDir, claimsDir, everyMs } = given;
    const options = JSON.stringify({ enable: true, program, node, stateDir, claimsDir, everyMs });
    const file = resolve(import.meta.dirname, 'evaluated.nix');
    const systemd = evaluate(
      `import ${file} (builtins.fromJSON ${JSON.stringify(options).replaceAll('$', '\\$')})`,
    ) as {
      services: Record<string, NixosUnit>;
      timers: Record<string, NixosUnit>;
    };
    expect(linesOfNixos(systemd.services['migrate-resume']!)).toEqual(linesOf('migrate-resume.service'));
    expect(linesOfNixos(systemd.services['migrate-soak']!)).toEqual(linesOf('migrate-soak.service'));
    expect(linesOfNixos(systemd.timers['migrate-soak']!)).toEqual(linesOf('migrate-soak.timer'));
    expect(systemd.services['migrate-resume']).toMatchObject({
      restartIfChanged: false,
      stopIfChanged: false,
    });
  });

  test('understands what `migrate boot enable` says to add, whatever the paths', () => {
    const text = nixosConfiguration({ ...given, stateDir: '/srv/${x}"\\' });
    const { imports, services } = evaluate(`{ ${text} }`) as {
      imports: string[];
      services: { 'migrate-runbook': { resume: object } };
    };
    expect(imports).toEqual([expect.stringMatching(/module\.nix$/)]);
    const { node, program, claimsDir, everyMs } = given;
    expect(services['migrate-runbook'].resume).toEqual({
      ...{ enable: true, program, node, claimsDir, everyMs },
      stateDir: '/srv/${x}"\\',
    });
  });
});
