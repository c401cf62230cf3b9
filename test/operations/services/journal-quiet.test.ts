import { expect, test } from 'vitest';
import { journalIsQuiet, journalQuiet } from '../../../src/operations/index.ts';
import type { CommandResult } from '../../../src/runbook/index.ts';
import { drive } from '../drive.ts';

const since = '2026-09-21T10:00:00.500Z';

/** A machine whose journal holds messages, each with its seconds since that moment. */
function saying(messages: readonly (readonly [number, unknown])[], more: Partial<CommandResult> = {}) {
  const calls: (readonly string[])[] = [];
  const lines = messages.map(([after, MESSAGE]) =>
    JSON.stringify({ __REALTIME_TIMESTAMP: String((Date.parse(since) + after * 1000) * 1000), MESSAGE }),
  );
  const host = {
    exec: async ({ argv }: { argv: readonly string[] }) => {
      calls.push(argv);
      return { stdout: lines.join('\n'), stderr: '', exitCode: 0, ...more };
    },
  };
  return { host: host as never, calls };
}

const input = { unit: 'sonarr.service', since };

test('journalQuiet asks for the errors of one unit since a moment, and passes where there are none', async () => {
  const { host, calls } = saying([]);
  expect(await (await drive(journalQuiet, input, { host })).act()).toEqual({ ignored: 0 });
  expect(calls).toEqual([
    [
      ...['journalctl', '--unit=sonarr.service', '--priority=err', '--since=@1789984800'],
      ...['--output=json', '--no-pager'],
    ],
  ]);
});

test('journalQuiet counts what came after the moment, to the millisecond, but for what is known to do no harm', async () => {
  const { host } = saying([
    [-0.4, 'before it'],
    [1, 'database is locked'],
    [2, 'Indexer 7 timed out'],
    [3, [104, 105, 255]],
  ]);
  const step = await drive(journalQuiet, { ...input, ignore: ['^Indexer \\d+ timed out$'] }, { host });
  await expect(step.act()).rejects.toMatchObject({
    code: 'journal.errors',
    message: `2 errors of sonarr.service since ${since} (1 known ones left out):\n2026-09-21T10:00:01.500Z database is locked\n2026-09-21T10:00:03.500Z hi\uFFFD`,
  });
});

test('a journal that cannot be read as a whole is BLOCKED, and no quiet one', async () => {
  const hidden = saying([], { stderr: 'Hint: You are currently not seeing messages from other users' });
  const finding = await journalIsQuiet(input).run({ host: hidden.host } as never);
  expect(finding).toMatchObject({ verdict: 'BLOCKED', observed: expect.stringContaining('systemd-journal') });
  const heard = await journalIsQuiet(input).run({ host: saying([[1, 'no']]).host } as never);
  expect(heard).toMatchObject({ verdict: 'FAIL', evidence: { errors: 1 } });
});

test.each([{ since: 'yesterday' }, { since: '2026-09-21' }, { ignore: ['('] }, { unit: 'sonarr' }])(
  'journalQuiet refuses %j',
  (wrong) => {
    expect(journalQuiet.input.safeParse({ ...input, ...wrong }).success).toBe(false);
  },
);
