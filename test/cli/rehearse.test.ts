import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { rehearsalDocument } from '../../src/render/documents/index.ts';
import { jsonLines, Machine, smallRunbook } from './migrate-process.ts';

/** The small runbook with a world. */
function withWorld(machine: Machine): string {
  const world = `rehearsal: { params: { folder: '/srv' }, files: { '/srv': null }, answers: { key: { serial: '7' } } },`;
  return machine.file(
    'rehearsed.ts',
    readFileSync(smallRunbook, 'utf8').replace('claims:', `${world} claims:`),
  );
}

describe('a rehearsal', () => {
  test('runs the runbook to its end through a crash, answers its gates, and touches nothing of this machine', async () => {
    const machine = new Machine();
    const rehearsed = await machine.run('rehearse', withWorld(machine), '--crash', 'slow', '--json');
    expect(rehearsed).toMatchObject({ code: 0, err: '' });
    const lines = jsonLines(rehearsed.out);
    expect(rehearsalDocument.parse(lines.at(-1))).toMatchObject({ outcome: 'done', crashes: 1, kept: null });
    expect(lines.filter(({ type }) => type === 'result').at(-1)).toMatchObject({ status: 'completed' });
    expect((await machine.run('status')).out).toContain('No run is unfinished');
  });

  test('refuses what it cannot do before it builds anything', async () => {
    const machine = new Machine();
    expect(await machine.run('rehearse', smallRunbook)).toMatchObject({
      code: 2,
      err: expect.stringContaining('brings no world'),
    });
    const file = withWorld(machine);
    expect(await machine.run('rehearse', file, '--crash', 'slwo')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean "slow"?'),
    });
    expect(await machine.run('rehearse', file, '--set', 'utnil=1')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean "until"?'),
    });
  });
});
