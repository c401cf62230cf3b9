import { posix } from 'node:path';
import { formatCommand, sh, type Finding, type Host } from 'migrate-runbook';
import { unitsAre } from '../nixos-module/units-are.ts';
import type { Service } from './catalogue.ts';
import { jobEdits, pointEdits } from './configuration.ts';
import type { ServiceParams } from './params.ts';
import { targetOf, type Placed } from './place.ts';

/** The units exist and work: what does not run today cannot prove later that the move did no harm. */
export async function unitsWork(host: Host, units: readonly string[]): Promise<Finding> {
  const loaded = await unitsAre(host, units, 'loaded');
  if (loaded.verdict !== 'PASS') return loaded;
  const down: string[] = [];
  for (const unit of units) {
    const { stdout } = await host.exec(sh`systemctl show ${unit} --property=ActiveState --value`);
    if (stdout.trim() !== 'active') down.push(`${unit} is ${stdout.trim()}`);
  }
  return down.length === 0
    ? { verdict: 'PASS', observed: `${units.join(', ')}: active` }
    : {
        verdict: 'FAIL',
        observed: `${down.join('; ')}: start it, and see that it is well, before it is moved`,
      };
}

/** The old folder holds the service's data, and is no mount itself. */
export async function dataThere(host: Host, service: Service, { source }: ServiceParams): Promise<Finding> {
  const fail = (observed: string): Finding => ({ verdict: 'FAIL', observed });
  const stat = await host.files.stat(source);
  if (stat?.kind !== 'folder')
    return fail(`${source} is ${stat === undefined ? 'not there' : `a ${stat.kind}`}`);
  if ((await host.mounts()).some(({ point }) => point === source || point.startsWith(`${source}/`)))
    return fail(`something is mounted at ${source} or in it, so this is not the old folder: see findmnt`);
  const missing: string[] = [];
  for (const path of service.data.mustHold) {
    if ((await host.files.stat(`${source}/${path}`)) === undefined) missing.push(path);
  }
  if (missing.length > 0) return fail(`${source} lacks ${missing.join(', ')}`);
  if (service.owner !== undefined) {
    const { stdout } = await host.exec(sh`stat --format=%U:%G -- ${source}`);
    const wanted = `${service.owner.user}:${service.owner.group}`;
    if (stdout.trim() !== wanted)
      return fail(`${source} belongs to ${stdout.trim()}, and should to ${wanted}`);
  }
  return { verdict: 'PASS', observed: `${source} holds ${service.data.mustHold.join(', ') || 'a folder'}` };
}

/** Nothing else is where the new datasets will be mounted. */
export async function targetsFree(host: Host, { datasets }: Placed): Promise<Finding> {
  const mounts = await host.mounts();
  const taken: string[] = [];
  for (const { dataset, mountPoint } of datasets) {
    const there = mounts.findLast(({ point }) => point === mountPoint);
    if (there !== undefined && there.source !== dataset)
      taken.push(`${there.source} is mounted at ${mountPoint}`);
    const names = there === undefined ? await host.files.list(mountPoint) : [];
    if (names !== undefined && names.length > 0)
      taken.push(`${mountPoint} holds ${names.slice(0, 3).join(', ')}, which the dataset would cover`);
  }
  return taken.length === 0
    ? { verdict: 'PASS', observed: `${datasets.map(({ mountPoint }) => mountPoint).join(', ')}: free` }
    : { verdict: 'FAIL', observed: taken.join('; ') };
}

/** Every text that will be replaced, the last one too, is in the configuration exactly once. */
export async function editsFit(
  host: Host,
  service: Service,
  p: ServiceParams,
  place: Placed,
): Promise<Finding> {
  const own = [...pointEdits(service, p, place), ...jobEdits(service, p)];
  return textsThere(host, p.flake, [
    ...own.map(({ from }) => ({ file: p.serviceFile, from })),
    ...(p.impermanence === undefined ? [] : [{ file: p.impermanence.file, from: p.impermanence.text }]),
  ]);
}

/** Each text is in its file of the flake exactly once. */
export async function textsThere(
  host: Host,
  flake: string,
  wanted: readonly { readonly file: string; readonly from: string }[],
): Promise<Finding> {
  const wrong: string[] = [];
  for (const { file, from } of wanted) {
    const text = await host.files.read(`${flake}/${file}`);
    const times = text === undefined ? undefined : text.split(from).length - 1;
    if (times === undefined) wrong.push(`there is no ${flake}/${file}`);
    else if (times !== 1) wrong.push(`${file} holds ${JSON.stringify(from)} ${times} times, not once`);
  }
  return wrong.length === 0
    ? {
        verdict: 'PASS',
        observed: `${[...new Set(wanted.map(({ file }) => file))].join(', ')} can be edited`,
      }
    : { verdict: 'FAIL', observed: [...new Set(wrong)].join('; ') };
}

/** The data fits into what the pool has left, with a tenth to spare. */
export async function fits(host: Host, { source }: ServiceParams, available: number): Promise<Finding> {
  const { stdout } = await host.exec(sh`du --summarize --one-file-system --block-size=1 -- ${source}`);
  const bytes = Number.parseInt(stdout, 10);
  const needed = Math.ceil(bytes * 1.1);
  const observed = `${source} takes ${mebibytes(bytes)}, and the pool has ${mebibytes(available)} left`;
  return {
    verdict: needed <= available ? 'PASS' : 'FAIL',
    observed,
    evidence: { bytes, available },
  };
}

/**
 * Nothing can have written to the old folder since the units were stopped: they are down, and still masked
 * as they were. A boot takes the masks away.
 */
export async function unitsHeld(host: Host, units: readonly string[]): Promise<Finding> {
  const wrong: string[] = [];
  for (const unit of units) {
    const command = sh`systemctl show ${unit} --property=ActiveState,LoadState`;
    const { stdout } = await host.exec(command);
    const found = Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split('=', 2)),
    );
    if (!['inactive', 'failed'].includes(String(found['ActiveState'])) || found['LoadState'] !== 'masked')
      wrong.push(`${unit} is ${found['ActiveState']} and ${found['LoadState']} (${formatCommand(command)})`);
  }
  return wrong.length === 0
    ? { verdict: 'PASS', observed: `${units.join(', ')}: down and masked` }
    : {
        verdict: 'FAIL',
        observed: `${wrong.join('; ')}: the service may have written to the old folder since the last copy, as after a boot. Roll back to before it was stopped (migrate rollback RUN --to warm-copy), and resume`,
      };
}

/**
 * No mount shows the old folder in another place, as impermanence does: it would hold on to it.
 * @param old its inode, since a bind mount may cover it by now
 */
export async function shownNowhere(
  host: Host,
  service: Service,
  p: ServiceParams,
  old: { readonly inode: string },
): Promise<Finding> {
  const mounts = await host.mounts();
  // No mount was in it, so it lies where the folder that holds it does; device numbers may change at a boot.
  const device = (await host.files.stat(posix.dirname(p.source)))?.device;
  const shown: string[] = [];
  for (const { point } of mounts) {
    if (point === p.source || point === targetOf(service, p)) continue;
    const there = await host.files.stat(point).catch(() => undefined);
    if (there?.device === device && there?.inode === old.inode) shown.push(point);
  }
  return shown.length === 0
    ? { verdict: 'PASS', observed: `no mount shows ${p.source}` }
    : {
        verdict: 'FAIL',
        observed: `${p.source} is shown at ${shown.join(', ')}: take the declaration away that does so, rebuild, and see with findmnt that it is gone; then resume`,
      };
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
