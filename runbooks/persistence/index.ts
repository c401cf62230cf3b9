export {
  boundFrom,
  keptMounts,
  parseFstab,
  readBuiltSystem,
  readLogins,
  type BuiltSystem,
} from './built-system.ts';
export {
  completenessVerdict,
  judgeCompleteness,
  type Declarations,
  type PersistenceFacts,
} from './completeness.ts';
export { criticalPaths } from './critical.ts';
export { declaredPaths, fateOf, liesIn, type DeclaredPath } from './declarations.ts';
export { emberroot, homePersistence, systemPersistence } from './emberroot.ts';
export { cassieBox } from './cassie-box.ts';
export {
  persistenceEntry,
  persistenceInventory,
  type PersistenceEntry,
  type PersistenceInventory,
} from './entry.ts';
export type { CompletenessFinding, MissingPath } from './finding.ts';
export { inventories } from './hosts.ts';
