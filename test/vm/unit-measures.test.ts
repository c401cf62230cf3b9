import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  backupSuccess,
  checkOf,
  failedStarts,
  journalIsQuiet,
  preseedFailures,
  restoreTestAge,
  type Measure,
} from '../../src/operations/index.ts';
import { cannotBoot, newMachine, type Machine } from './nspawn.ts';

const obstacle = cannotBoot();
if (obstacle !== undefined) console.log(`measures of units on a booted system: skipped, since ${obstacle}`);

let machine: Machine;
const systemctl = (...args: string[]) => machine.ask('systemctl', ...args);

/** Whether its work succeeds is told by a file. */
const oneshot = '[Service]\nType=oneshot\nExecStart=/bin/sh -c "echo working; test ! -e /broken"\n';
const units: Readonly<Record<string, string>> = {
  'backup.service': oneshot,
  'preseed.service': `${oneshot}RemainAfterExit=yes\n`,
  'web.service':
    '[Service]\nExecStart=/bin/sh -c "echo \'<3>cannot open its database\'; sleep 0.2; exit 1"\n',
  'needs-web.service':
    '[Unit]\nRequires=never.service\nAfter=never.service\n[Service]\nExecStart=/bin/sleep 9\n',
  'never.service': '[Service]\nType=oneshot\nExecStart=/bin/false\n',
};

const context = () => ({ host: machine.host, signal: new AbortController().signal }) as never;
async function take(measure: Measure) {
  await machine.ask('journalctl', '--sync');
  return checkOf(measure).run(context());
}

describe.skipIf(obstacle !== undefined)('on a booted system', () => {
  beforeAll(async () => {
    machine = newMachine();
    for (const [name, content] of Object.entries(units))
      machine.write(`/etc/systemd/system/${name}`, content);
    await machine.boot();
  });
  afterAll(() => machine.end());

  test('systemd tells how each run of a unit went, and only the last ones count against a preseed', async () => {
    const backup = backupSuccess({ unit: 'backup.service' });
    expect((await take(backup)).verdict).toBe('BLOCKED');
    for (const good of [true, true, false, true]) {
      await machine.ask(good ? 'rm' : 'touch', ...(good ? ['-f'] : []), '/broken');
      await systemctl('start', 'backup.service');
    }
    expect(await take(backup)).toMatchObject({
      verdict: 'FAIL',
      evidence: { value: 75, succeeded: 3, ended: 4 },
    });
    expect(await take(restoreTestAge({ unit: 'backup.service' }))).toMatchObject({ verdict: 'PASS' });

    const preseed = preseedFailures({ unit: 'preseed.service' });
    await machine.ask('touch', '/broken');
    await systemctl('start', 'preseed.service');
    await systemctl('start', 'preseed.service');
    expect(await take(preseed)).toMatchObject({ verdict: 'FAIL', evidence: { value: 2 } });
    await machine.ask('rm', '/broken');
    await systemctl('start', 'preseed.service');
    expect(await take(preseed)).toMatchObject({ verdict: 'PASS', evidence: { value: 0, ended: 3 } });
  });

  test('a service that dies after its preseed, or whose dependency fails, is a failed start', async () => {
    const of = (unit: string) => take(failedStarts({ unit, preseed: 'preseed.service' }));
    expect(await of('web.service')).toMatchObject({ verdict: 'PASS', evidence: { ended: 0 } });
    await systemctl('start', 'web.service');
    await expect
      .poll(() => of('web.service'), { timeout: 60_000 })
      .toMatchObject({
        verdict: 'FAIL',
        evidence: { value: 1, ended: 1 },
      });
    await systemctl('start', 'needs-web.service');
    expect(await of('needs-web.service')).toMatchObject({ verdict: 'FAIL', evidence: { value: 1 } });
  });

  test('the errors that a service writes are found, and none of another', async () => {
    const since = '2020-01-01T00:00:00Z';
    expect(await journalIsQuiet({ unit: 'backup.service', since }).run(context())).toMatchObject({
      verdict: 'FAIL',
      observed: expect.stringContaining('Failed to start'),
    });
    expect(await journalIsQuiet({ unit: 'web.service', since }).run(context())).toMatchObject({
      observed: expect.stringContaining('cannot open its database'),
    });
    expect(
      await journalIsQuiet({ unit: 'web.service', since, ignore: ['database'] }).run(context()),
    ).toMatchObject({
      verdict: 'PASS',
      evidence: { errors: 0 },
    });
    expect(await journalIsQuiet({ unit: 'quiet.service', since }).run(context())).toMatchObject({
      verdict: 'PASS',
    });
  });
});
