import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { rememberHashes } from '../../src/rehearsal/hash-memory.ts';

it('hashes a file once, again when it was changed, and always when it was changed just now', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hashes-'));
  try {
    const path = Buffer.from(join(folder, 'file'));
    let reads = 0;
    const read = async () => String((reads += 1));
    writeFileSync(path, 'one');
    const fresh = rememberHashes(() => 0n);
    await fresh.hashOf(path, read);
    await fresh.hashOf(path, read);
    expect(reads).toBe(2);
    const later = rememberHashes(() => BigInt(Date.now() + 1_000_000) * 1_000_000n);
    expect([await later.hashOf(path, read), await later.hashOf(path, read)]).toEqual(['3', '3']);
    writeFileSync(path, 'other');
    expect(await later.hashOf(path, read)).toBe('4');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
