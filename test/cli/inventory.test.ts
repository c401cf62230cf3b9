import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { inventoryDocument, type InventoryDocument } from '../../src/render/documents/inventory.ts';
import { inventoryText } from '../../src/render/text/inventory.ts';

let out = '';
let folder = '';
beforeEach(() => {
  out = '';
  folder = mkdtempSync(join(tmpdir(), 'migrate-inventory-'));
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((out += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((out += String(text))));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

describe('what is no inventory is refused with the mend', () => {
  test('an unknown host, with what there is', async () => {
    expect(await main(['inventory', 'emberoot', '--json'])).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      code: 'inventory.unknown',
      message: expect.stringContaining('emberroot') as string,
    });
  });

  test('a file that is not there, and one that does not fit, with the place', async () => {
    expect(await main(['inventory', '--file', join(folder, 'none.json'), '--json'])).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ code: 'inventory.unreadable' });
    out = '';
    const file = join(folder, 'wrong.json');
    const entry = { path: 'var/lib/x', kind: 'directory', need: 'critical', purpose: 'x' };
    writeFileSync(file, JSON.stringify({ host: 'x', system: [entry] }));
    expect(await main(['inventory', '--file', file, '--json'])).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      code: 'inventory.invalid',
      message: expect.stringContaining('system: expected absolute paths') as string,
    });
  });
});

const document: InventoryDocument = {
  type: 'inventory',
  inventory: 'attic',
  host: 'attic',
  at: '2026-01-01T00:00:00.000Z',
  persist: '/persist',
  verdict: 'FAIL',
  declared: [
    { path: '/etc/machine-id', kind: 'file', need: 'critical', purpose: 'its id', there: true, bytes: 4096 },
    { path: '/var/lib/x', kind: 'directory', need: 'optional', purpose: 'X', there: false, bytes: null },
  ],
  declaredBytes: 4096,
  findings: [
    {
      id: 'services',
      title: 'Data of services',
      verdict: 'FAIL',
      observed: '/var/lib/y is lost',
      missing: [],
    },
  ],
  undeclared: [
    {
      path: '/var/lib/y',
      bytes: 5e9,
      lostBytes: 5e9,
      owner: 'y',
      group: 'y',
      mode: '0750',
      units: ['y.service'],
    },
  ],
  etc: { source: 'nixos', files: [{ path: '/etc/shadow', how: 'added' }] },
  services: null,
  unreadable: [],
};

test('people see what is kept and what is lost, with sizes and with whose it is', () => {
  expect(inventoryDocument.parse(document)).toEqual(document);
  const text = inventoryText(document, (_, words) => words);
  expect(text).toMatch(/critical +4\.10 kB +\/etc\/machine-id/);
  expect(text).toMatch(/optional +not there +\/var\/lib\/x/);
  expect(text).toMatch(/5\.00 GB +\/var\/lib\/y +y +y\.service/);
  expect(text).toContain('FAIL     services: Data of services');
  expect(inventoryText(document, (_, words) => words, { quiet: true })).not.toContain('machine-id');
});
