import { cassieBox } from './cassie-box.ts';
import { emberroot } from './emberroot.ts';
import type { PersistenceInventory } from './entry.ts';

/** What is known to be persisted, by the name of the machine in lower case. */
export const inventories: Readonly<Record<string, PersistenceInventory>> = {
  'cassie-box': cassieBox,
  emberroot,
};
