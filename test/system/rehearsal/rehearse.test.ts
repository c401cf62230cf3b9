import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rehearse, rehearseRollback } from '../../../src/rehearsal/rehearse.ts';
import { compareSnapshots } from '../../../src/rehearsal/snapshot-difference.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';

const uuid = '5d1f6c1e-8f0a-4f7a-9b57-0f1d6a3c2b10';
const plan = { disks: [{ name: 'data', mountPoint: '/mnt/data', uuid, megabytes: 32 }] };
const options = {
  runbook: join(import.meta.dirname, '..', '..', 'rehearsal', 'runbooks', 'small.ts'),
  params: { word: 'kept' },
  answers: { agreed: { serial: 's1' } },
};

describe('a rehearsal', () => {
  let world: World;
  const where = async () => (await world.run(['sh', '-c', 'ls /mnt/data /srv'])).stdout;
  beforeEach(async () => {
    world = await buildWorld(plan);
  });
  afterEach(async () => {
    await world.destroy();
  });

  it('answers every gate, restarts the machine, lets the soak pass and consents at the end', async () => {
    const moves: string[] = [];
    const report = await rehearse(world, { ...options, onMove: (move) => moves.push(move.kind) });
    expect(report).toMatchObject({ outcome: 'done', exitCode: 0, crashes: 0, reboots: 1 });
    expect(report.state?.status).toBe('completed');
    expect(moves.filter((kind) => kind !== 'migrate')).toEqual(['confirm', 'confirm', 'reboot']);
    expect(await where()).toBe('/mnt/data:\nkept\nlost+found\n\n/srv:\n');
  });

  it.each([
    'before-intent:write',
    'mid-act:write',
    'before-checkpoint:copy',
    'after-checkpoint:cleanup',
    'at-gate:restart',
  ])('ends alike when the program is killed once, at %s', async (crash) => {
    const report = await rehearse(world, { ...options, crash });
    expect(report).toMatchObject({ outcome: 'done', crashes: 1 });
    expect(await where()).toBe('/mnt/data:\nkept\nlost+found\n\n/srv:\n');
  });

  it('goes back to where it began, also when it is killed on the way', async () => {
    const trees = ['/srv', '/mnt/data', '/etc'];
    const before = await world.snapshot(trees);
    await rehearse(world, { ...options, until: 'settle' });
    expect(compareSnapshots(before, await world.snapshot(trees))).not.toEqual([]);
    const report = await rehearseRollback(world, { crash: 'mid-undo:copy' });
    expect(report).toMatchObject({ outcome: 'done', crashes: 1 });
    expect(report.state?.status).toBe('rolled-back');
    expect(compareSnapshots(before, await world.snapshot(trees), { anyTime: ['/srv', '/mnt/data'] })).toEqual(
      [],
    );
  });

  it('fails with the runbook, and says how', async () => {
    let said = '';
    const report = await rehearse(world, { ...options, params: {}, onOutput: (text) => (said += text) });
    expect(report).toMatchObject({ outcome: 'failed', exitCode: 2, state: undefined });
    expect(said).toContain('word');
  });
});
