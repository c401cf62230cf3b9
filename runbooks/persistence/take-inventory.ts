import type { Host } from 'migrate-runbook';
import { discoverState, type MachineState } from 'migrate-runbook/operations';
import { completenessVerdict, judgeCompleteness } from './completeness.ts';
import { declaredPaths, liesIn, type DeclaredPath } from './declarations.ts';
import { needs, type PersistenceInventory } from './entry.ts';
import type { CompletenessFinding } from './finding.ts';
import { readPersistenceFacts } from './machine-facts.ts';

/** A declaration, and what is there of it. */
export interface InventoryRow extends DeclaredPath {
  readonly there: boolean;
  readonly bytes: number | null;
}

export interface TakenInventory {
  readonly verdict: CompletenessFinding['verdict'];
  readonly declared: readonly InventoryRow[];
  readonly findings: readonly CompletenessFinding[];
  readonly state: MachineState;
}

/** What an inventory would keep of this machine, and what would be lost. It only reads. */
export async function takeInventory(
  host: Host,
  inventory: PersistenceInventory,
  options: { readonly signal?: AbortSignal } = {},
): Promise<TakenInventory> {
  const facts = await readPersistenceFacts(host, { persist: inventory.persist });
  const declared = declaredPaths(inventory, (user) => facts.homes[user] ?? `/home/${user}`);
  const paths = declared.map(({ path }) => path);
  const { expendable } = inventory;
  const measure = [...new Set([...paths, ...facts.present.map(({ path }) => path)])];
  const state = await discoverState(
    host,
    { declared: [...paths, ...facts.kept], generated: expendable, measure },
    options,
  );
  const present = facts.present.map(({ path }) => ({ path, bytes: state.measured[path] }));
  const findings = [
    ...judgeCompleteness(inventory, { ...facts, present }).map((finding) => ({
      ...finding,
      missing: finding.missing.toSorted((one, other) => (other.bytes ?? 0) - (one.bytes ?? 0)),
    })),
    undeclaredFinding(state),
  ];
  const rows = declared.map((entry): InventoryRow => {
    const bytes = state.measured[entry.path];
    return { ...entry, there: bytes !== undefined, bytes: bytes ?? null };
  });
  const rank = ({ need }: InventoryRow) => needs.indexOf(need);
  return {
    verdict: completenessVerdict(findings),
    declared: rows.toSorted((one, other) => rank(one) - rank(other)),
    findings,
    state,
  };
}

/** What no list names: a person must decide of it. */
function undeclaredFinding({ undeclared, etc }: MachineState): CompletenessFinding {
  const titled = { id: 'undeclared', title: 'Nothing else is lost' };
  const critical = ['/var/lib', '/home', '/etc/ssh', '/etc/machine-id', '/var/log'];
  const others = undeclared.filter(({ path }) => !critical.some((folder) => liesIn(path, folder)));
  const files = etc.files.filter(({ path }) => !critical.some((folder) => liesIn(path, folder)));
  if (others.length + files.length === 0) {
    return { ...titled, verdict: 'PASS', observed: 'no other state on the root file system', missing: [] };
  }
  return {
    ...titled,
    verdict: 'PARTIAL',
    observed: `${others.length} further places and ${files.length} files of /etc would be lost; declare them, or name them as expendable`,
    missing: others.map(({ path, lostBytes }) => ({
      path,
      need: 'recommended' as const,
      why: 'not declared',
      bytes: lostBytes,
    })),
  };
}
