export { persistenceInventory, type PersistenceInventory } from './entry.ts';
export { inventories } from './hosts.ts';
export { takeInventory, type TakenInventory } from './take-inventory.ts';
