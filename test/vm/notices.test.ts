import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { moduleText } from '../../runbooks/preseed/module.ts';
import { params as preseed } from '../../runbooks/preseed/params.ts';
import { hostEdit } from '../../runbooks/zfs-replication/configuration.ts';
import { params as replication } from '../../runbooks/zfs-replication/params.ts';
import { migrateThere, until } from './migrate-there.ts';
import { cannotBoot, newMachine, node, type Machine } from './nspawn.ts';

const obstacle = cannotBoot();
if (obstacle !== undefined) console.log(`notices of units on a booted system: skipped, since ${obstacle}`);

const program = [node, resolve(import.meta.dirname, '../../src/cli/migrate.ts')];
const host = hostEdit(
  replication.parse({
    flake: '/x',
    formerJob: 'x',
    formerUnits: ['x.service'],
    backupUnits: ['x.service'],
    program,
  }),
).to;
const module = moduleText(
  preseed.parse({
    ...{ service: 'sonarr', dataPath: '/data/sonarr', mustHold: ['config.xml'], flake: '/x', program },
    ...{ repository: '/nowhere', password: 'file:/etc/password', backupHost: 'forge' },
  }),
);

/** A text that stands in Nix behind an attribute, after the first place that is named. */
function nixText(text: string, place: string, attribute: string): string {
  const rest = text.slice(text.indexOf(place));
  const [, found = ''] = new RegExp(`${attribute} = ("(?:[^"\\\\]|\\\\.)*")`).exec(rest) ?? [];
  return JSON.parse(found.replaceAll(String.raw`\$`, '$')) as string;
}
const oneshot = (start: string, unit = '') =>
  `[Unit]\n${unit}\n[Service]\nType=oneshot\nExecStart=${start}\n`;

let machine: Machine;
const told = async () =>
  (await machine.ask('cat', '/var/told'))
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]))
    .filter(({ kind }) => kind === 'message');
const toldOf = (template: string) =>
  until(template, async () => (await told()).find((notice) => notice['template'] === template));

describe.skipIf(obstacle !== undefined)(
  'units as they are installed, on a booted system without a run',
  () => {
    beforeAll(async () => {
      machine = newMachine();
      const units = {
        'sanoid.service': oneshot('/bin/false', 'OnFailure=migrate-sanoid-failure.service'),
        'migrate-sanoid-failure.service': oneshot(nixText(host, 'migrate-sanoid-failure =', 'ExecStart')),
        'preseed@sonarr.service': oneshot(
          nixText(module, 'services."preseed@sonarr"', 'ExecStart'),
          'OnFailure=preseed-failed@sonarr.service',
        ),
        'preseed-failed@sonarr.service': oneshot(
          nixText(module, 'services."preseed-failed@sonarr"', 'ExecStart'),
        ),
      };
      for (const [name, text] of Object.entries(units)) machine.write(`/etc/systemd/system/${name}`, text);
      machine.write('/etc/migrate/preseed/sonarr.json', nixText(module, 'environment.etc', 'text'));
      machine.write('/etc/password', 'correct horse');
      machine.write('/usr/local/bin/tell', '#!/bin/sh\ncat >>/var/told\n');
      await machine.boot();
      await machine.ask('chmod', '755', '/usr/local/bin/tell');
      await machine.ask('chmod', '600', '/etc/password');
      await migrateThere(machine, 'config', 'set', 'notify', '/usr/local/bin/tell');
    });
    afterAll(() => machine.end());

    test('tell that sanoid failed, at high priority, with the dataset', async () => {
      await machine.ask('systemctl', 'start', 'sanoid.service');
      expect(await toldOf('sanoid-failure')).toMatchObject({
        priority: 'high',
        fields: { dataset: 'tank/persist', unit: 'sanoid.service' },
      });
    });

    test('tell that a preseed had nothing to do, at low priority, and that it failed, at high', async () => {
      const preseed = 'preseed@sonarr.service';
      await machine.ask('mkdir', '-p', '/data/sonarr');
      machine.write('/data/sonarr/config.xml', '<config/>');
      await machine.ask('systemctl', 'start', preseed);
      expect(await toldOf('preseed-skipped')).toMatchObject({ priority: 'low' });
      await machine.ask('rm', '-r', '/data/sonarr');
      await machine.ask('systemctl', 'start', preseed);
      expect(await toldOf('preseed-failure')).toMatchObject({
        priority: 'high',
        fields: { serviceName: 'sonarr', unit: preseed },
      });
    });
  },
);
