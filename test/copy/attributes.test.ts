import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { AttributeReader } from '../../src/copy/attributes.ts';

/** A reader whose getfattr says these lines, and whose xargs exits as it then does. */
function reader(lines: readonly string[], exit: number): Promise<ReadonlyMap<string, unknown>> {
  const script = `cat >/dev/null; printf '%s\\n' "$@" >&2; exit ${exit}`;
  const made = new AttributeReader('/folder', undefined, () =>
    spawn('sh', ['-c', script, 'sh', ...lines], { stdio: 'pipe' }),
  );
  made.add('file');
  return made.finish();
}

describe('attributes of files', () => {
  const unsupported = 'getfattr: ./file: Operation not supported';

  it('are none on a file system that has none', async () => {
    expect((await reader([unsupported, unsupported], 123)).size).toBe(0);
  });

  it.each([
    ['one of many files cannot be read', [unsupported, 'getfattr: ./other: Permission denied'], 123],
    ['the program ended otherwise', [unsupported], 125],
    ['nothing says why', [], 123],
  ])('are not taken for none where %s', async (_, lines, exit) => {
    await expect(reader(lines, exit)).rejects.toThrow(/cannot be read/);
  });
});
