import { describe, expect, test } from 'vitest';
import { unitErrors, unitRestarts, unitUp } from '../../src/operations/index.ts';
import { UsageError } from '../../src/errors.ts';
import type { CommandResult, ReadContext } from '../../src/runbook/index.ts';

/** A machine that answers a program's calls with what it was seen to print. */
function answering(
  said: Partial<CommandResult>,
  files: Readonly<Record<string, string | null>> = {},
): { context: ReadContext<unknown, unknown, undefined>; calls: string[][] } {
  const calls: string[][] = [];
  const host = {
    exec: async ({ argv }: { argv: readonly string[] }) => {
      calls.push([...argv]);
      return { stdout: '', stderr: '', exitCode: 0, ...said };
    },
    files: {
      read: async (path: string) => files[path] ?? undefined,
      stat: async (path: string) => (path in files ? { kind: 'folder' } : undefined),
    },
  };
  return { context: { host } as never, calls };
}

const unit = (more: Readonly<Record<string, string>>) => {
  const properties = {
    ...{ LoadState: 'loaded', ActiveState: 'active', SubState: 'running', Type: 'simple', Result: 'success' },
    ...{ NRestarts: '0', InvocationID: 'abc', ...more },
  };
  return {
    stdout: Object.entries(properties)
      .map((pair) => pair.join('='))
      .join('\n'),
  };
};

test.each([
  [{}, true],
  [
    { ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '1' },
    'failed: Result=exit-code, ExecMainStatus=1',
  ],
  [{ ActiveState: 'activating', SubState: 'auto-restart' }, 'is activating (auto-restart)'],
  [{ LoadState: 'not-found', ActiveState: 'inactive' }, 'is not-found'],
])('unitUp judges a unit by its properties: %j', async (properties, is) => {
  expect(await unitUp('web.service').check(answering(unit(properties)).context)).toBe(is);
});

describe('unitRestarts', () => {
  const counter = (more: Readonly<Record<string, string>>) =>
    unitRestarts('web.service').counter(answering(unit(more)).context);

  test('changes with a crash, and with a restart by hand, which sets the count of systemd back', async () => {
    const before = await counter({});
    expect(await counter({})).toBe(before);
    expect(await counter({ NRestarts: '1', InvocationID: 'def' })).not.toBe(before);
    expect(await counter({ InvocationID: 'ghi' })).not.toBe(before);
  });

  test('cannot tell of a unit that does not exist', async () => {
    await expect(counter({ LoadState: 'not-found' })).rejects.toMatchObject({ code: 'units.not-found' });
  });
});

describe('unitErrors', () => {
  const entry = (cursor: string) => ({ stdout: `${JSON.stringify({ __CURSOR: cursor, MESSAGE: 'no' })}\n` });
  const persistent = { '/etc/machine-id': 'f00\n', '/var/log/journal/f00': null };

  test('is the cursor of the latest error in this boot', async () => {
    const { context, calls } = answering(entry('s=1;i=2'));
    expect(await unitErrors('web.service').counter(context)).toBe('s=1;i=2');
    expect(calls).toEqual([
      [
        ...['journalctl', '--unit=web.service', '--priority=err', '--boot'],
        ...['--lines=1', '--output=json', '--no-pager'],
      ],
    ]);
  });

  test.each([
    { stdout: '' },
    { stdout: '-- No entries --\n' },
    { stdout: '-- No entries --\n', exitCode: 1 },
  ])('is none when there is no error: %j', async (said) => {
    expect(await unitErrors('web.service').counter(answering(said).context)).toBe('none');
  });

  test.each([
    { stdout: '-- No entries --', stderr: 'Hint: You are currently not seeing messages from other users' },
    { stderr: 'No journal files were found.' },
    { stderr: 'Failed to open', exitCode: 1 },
  ])('cannot tell when it may not see, rather than take it for none: %j', async (said) => {
    await expect(unitErrors('web.service').counter(answering(said).context)).rejects.toMatchObject({
      code: 'probe.journal',
    });
  });

  test('tells across boots where the journal is kept, and says so where it is not', async () => {
    const across = unitErrors('web.service', { lasts: 'boots' });
    expect(across.lasts).toBe('boots');
    const { context, calls } = answering(entry('s=1;i=2'), persistent);
    expect(await across.counter(context)).toBe('s=1;i=2');
    expect(calls[0]).not.toContain('--boot');
    await expect(across.counter(answering(entry('x')).context)).rejects.toThrow('not kept over a boot');
  });
});

test.each(['web', '*', 'web.service; rm'])('no probe takes %s for a unit', (name) => {
  for (const probe of [unitUp, unitRestarts, unitErrors]) expect(() => probe(name)).toThrow(UsageError);
});
