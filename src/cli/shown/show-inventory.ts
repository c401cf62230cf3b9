import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Persistence from '../../../runbooks/persistence/index.ts';
import { exitCodes, MigrateError, messageOf, UsageError, type ExitCode } from '../../errors.ts';
import { readGivenFile } from '../../host/given-file.ts';
import { bundledFolder, importRunbook } from '../../host/runbook-import.ts';
import { inventoryDocument, type InventoryDocument } from '../../render/documents/inventory.ts';
import { inventoryText } from '../../render/text/inventory.ts';
import { didYouMean, issueText } from '../../runbook/index.ts';
import type { Globals, Invocation } from '../invocation.ts';
import { print } from '../terminal/print.ts';
import { stderr } from '../terminal/process-streams.ts';
import { interruptible } from '../terminal/signals.ts';
import { terminalOf } from '../terminal/terminal.ts';
import { waiting } from '../terminal/waiting.ts';
import { hostFor } from '../work/host-for.ts';

const exitOf = {
  PASS: exitCodes.done,
  PARTIAL: exitCodes.partial,
  FAIL: exitCodes.stepFailed,
  BLOCKED: exitCodes.blocked,
} as const;

interface Given {
  readonly host: string | undefined;
  readonly file: string | undefined;
  readonly globals: Globals;
  readonly invocation: Invocation;
}

/**
 * Prints what an inventory would keep of this machine.
 * @throws UsageError `inventory.unknown`, `inventory.unreadable`, `inventory.invalid`
 */
export async function showInventory({ host, file, globals, invocation }: Given): Promise<ExitCode> {
  const persistence = await loadPersistence();
  const inventory = file === undefined ? known(persistence, host) : await readFile(persistence, file, host);
  const terminal = await terminalOf(globals);
  const at = new Date().toISOString();
  const taken = await interruptible(
    (text) => stderr.write(globals.json ? '' : `${text}\n`),
    (signal) =>
      waiting(terminal, `looking at what ${hostname()} holds`, () =>
        persistence
          .takeInventory(hostFor(invocation.overrides), inventory, { signal })
          .catch((thrown: unknown) => {
            throw signal.aborted ? interrupted(String(signal.reason)) : thrown;
          }),
      ),
  );
  const document = documentOf(inventory, taken, at);
  print(globals, inventoryDocument, document, () =>
    inventoryText(document, terminal.style, { quiet: globals.verbosity === 'quiet' }),
  );
  return exitOf[document.verdict];
}

/** What belongs to the runbooks is loaded as they are, since it imports this very package by its name. */
async function loadPersistence(): Promise<typeof Persistence> {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const { module } = await importRunbook(new URL(`persistence/index.${ending}`, bundledFolder));
  return module as unknown as typeof Persistence;
}

function known({ inventories }: typeof Persistence, host: string | undefined) {
  const name = (host ?? hostname().split('.')[0] ?? '').toLowerCase();
  const found = inventories[name];
  if (found !== undefined) return found;
  throw new UsageError(
    'inventory.unknown',
    `there is no inventory of ${JSON.stringify(name)}.${didYouMean(name, Object.keys(inventories))}`,
    `There are ${Object.keys(inventories).join(' and ')}; give your own with --file, as docs/persistence.md says.`,
  );
}

async function readFile(
  { persistenceInventory }: typeof Persistence,
  file: string,
  host: string | undefined,
): Promise<Persistence.PersistenceInventory> {
  const value = await valueIn(file);
  const given = typeof value === 'object' && value !== null ? { host: host ?? hostname(), ...value } : value;
  const read = persistenceInventory.safeParse(given);
  if (read.success) return read.data;
  const said = read.error.issues.map(
    (issue) => `  ${issue.path.join('.') || 'all of it'}: ${issueText(issue)}`,
  );
  throw new UsageError(
    'inventory.invalid',
    `--file ${file}: this is no inventory:\n${said.slice(0, 10).join('\n')}`,
    'docs/persistence.md says what an inventory has.',
  );
}

async function valueIn(file: string): Promise<unknown> {
  try {
    if (!/\.[cm]?[jt]s$/.test(file)) return JSON.parse(await readGivenFile(file));
    const { module } = await importRunbook(pathToFileURL(resolve(file)));
    return module['default'];
  } catch (cause) {
    throw new UsageError(
      'inventory.unreadable',
      `--file ${file}: cannot read it: ${messageOf(cause)}`,
      'Give a JSON file, or a module that exports the inventory as its default.',
      cause,
    );
  }
}

function documentOf(
  { host, persist }: Persistence.PersistenceInventory,
  { verdict, declared, findings, state }: Persistence.TakenInventory,
  at: string,
): InventoryDocument {
  return {
    type: 'inventory',
    inventory: host,
    host: hostname(),
    at,
    persist,
    verdict,
    declared: declared.map(({ path, kind, need, purpose, user, there, bytes }) => ({
      ...{ path, kind, need, purpose, there, bytes },
      ...(user === undefined ? {} : { user }),
    })),
    declaredBytes: declared.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
    findings: findings.map(({ missing, ...finding }) => ({
      ...finding,
      missing: missing.map((one) => ({ ...one, bytes: one.bytes ?? null })),
    })),
    undeclared: state.undeclared.map(
      ({ path, bytes, lostBytes, owner, group, mode, units, package: name }) => ({
        ...{ path, bytes, lostBytes, owner, group, mode, units: [...units] },
        ...(name === undefined ? {} : { package: name }),
      }),
    ),
    etc: { source: state.etc.source, files: [...state.etc.files] },
    services:
      state.services === null ? null : (structuredClone(state.services) as InventoryDocument['services']),
    unreadable: [...state.unreadable],
  };
}

function interrupted(by: string): MigrateError {
  return new MigrateError('inventory.interrupted', `interrupted by ${by} before all was looked at`, {
    exitCode: exitCodes.interrupted,
    hint: 'Nothing was changed. Begin again when you like.',
  });
}
