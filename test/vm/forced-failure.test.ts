import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forcedFailure } from '../../src/operations/index.ts';
import { drive } from '../operations/drive.ts';
import { cannotBoot, newMachine, type Machine } from './nspawn.ts';

const obstacle = cannotBoot();
if (obstacle !== undefined) console.log(`a failure on a booted system: skipped, since ${obstacle}`);

let machine: Machine;

const job = (extra: string) =>
  `[Unit]\n${extra}\n[Service]\nType=oneshot\nExecStart=/bin/sh -c "echo ran >>/run/work"\n`;
const units: Readonly<Record<string, string>> = {
  'sanoid.service': job('OnFailure=tell@%n.service'),
  'untold.service': job(''),
  'told-in-vain.service': job('OnFailure=broken.service'),
  'tell@.service': '[Service]\nType=oneshot\nExecStart=/bin/sh -c "echo %i >>/run/told"\n',
  'broken.service': '[Service]\nType=oneshot\nExecStart=/bin/false\n',
};
const folder = (unit: string) => machine.ask('ls', `/run/systemd/system/${unit}.d`);
const result = async (unit: string) =>
  (await machine.ask('systemctl', 'show', '--property=Result', '--value', unit)).trim();

describe.skipIf(obstacle !== undefined)('a failure that is forced on a booted system', () => {
  beforeAll(async () => {
    machine = newMachine();
    for (const [name, text] of Object.entries(units)) machine.write(`/etc/systemd/system/${name}`, text);
    await machine.boot();
  });
  afterAll(() => machine.end());

  test('starts what tells of it, never the work itself, and is gone afterwards', async () => {
    const step = await drive(forcedFailure, { unit: 'sanoid.service' }, { host: machine.host });
    expect(await step.act()).toEqual({ handlers: ['tell@sanoid.service.service'] });
    expect(await machine.ask('cat', '/run/told')).toBe('sanoid.service\n');
    expect(await machine.ask('cat', '/run/work')).toBe('');
    expect(await folder('sanoid.service')).toBe('');
    expect(await result('sanoid.service')).toBe('success');
    await machine.ask('systemctl', 'start', 'sanoid.service');
    expect(await machine.ask('cat', '/run/work')).toBe('ran\n');
    // An earlier telling is not taken for a new one.
    await (await drive(forcedFailure, { unit: 'sanoid.service' }, { host: machine.host })).act();
    expect(await machine.ask('cat', '/run/told')).toBe('sanoid.service\nsanoid.service\n');
  });

  test('is refused where nobody would be told, and fails where the telling fails', async () => {
    await expect(
      drive(forcedFailure, { unit: 'untold.service' }, { host: machine.host }),
    ).rejects.toMatchObject({ code: 'failure.no-handler' });
    const given = { unit: 'told-in-vain.service', within: '1s' };
    const step = await drive(forcedFailure, given, { host: machine.host });
    await expect(step.act()).rejects.toMatchObject({
      code: 'failure.not-told',
      message: expect.stringContaining('broken.service failed') as string,
    });
    expect(await folder('told-in-vain.service')).toBe('');
  });

  test('that was interrupted is taken back by its undo, twice too', async () => {
    const step = await drive(forcedFailure, { unit: 'sanoid.service' }, { host: machine.host });
    const path = '/run/systemd/system/sanoid.service.d/90-migrate-forced-failure.conf';
    await machine.ask('install', '-D', '/dev/null', path);
    await step.undo();
    await step.undo();
    expect(await folder('sanoid.service')).toBe('');
    expect(await result('sanoid.service')).toBe('success');
  });
});
