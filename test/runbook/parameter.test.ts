import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rsyncCommand } from '../../src/copy/rsync-command.ts';
import { absolutePath } from '../../src/runbook/index.ts';

const hostile = fc.constantFrom(
  ...[
    '-e sh',
    '--rsync-path=sh',
    '-',
    '--',
    'host:',
    'rsync://host',
    '$(id)',
    '`id`',
    ';',
    '\n',
    '~',
    '*',
    '..',
    '.',
    '',
  ],
);
const parts = fc.array(fc.oneof(hostile, fc.string()), { maxLength: 5 });
const anyPath = fc.oneof(
  fc.string({ unit: 'binary' }),
  parts.map((some) => some.join('/')),
  parts.map((some) => `/${some.join('/')}`),
);

test('what an absolute path takes begins with a slash and leads nowhere but inwards', () => {
  fc.assert(
    fc.property(anyPath, (path) => {
      if (!absolutePath.safeParse(path).success) return;
      expect(path.startsWith('/')).toBe(true);
      expect(path.includes('\0')).toBe(false);
      if (path !== '/')
        expect(
          path
            .slice(1)
            .split('/')
            .filter((part) => ['', '.', '..'].includes(part)),
        ).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

test('whatever paths a copy has, rsync gets them as operands, behind the end of its options', () => {
  const accepted = anyPath.filter((path) => absolutePath.safeParse(path).success);
  fc.assert(
    fc.property(accepted, accepted, fc.boolean(), (from, to, asRoot) => {
      const command = rsyncCommand({ from, to, pass: 'final', asRoot });
      const operands = command.slice(command.indexOf('--') + 1);
      expect(operands.map((word) => word.replace(/\/$/, ''))).toEqual(
        [from, to].map((path) => path.replace(/\/$/, '')),
      );
      // A colon before any slash would name another machine.
      for (const word of operands) expect(word.startsWith('/')).toBe(true);
    }),
  );
});
