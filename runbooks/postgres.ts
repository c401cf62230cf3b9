import { entries } from './services/entries.ts';
import { serviceRunbook } from './services/factory.ts';

export default serviceRunbook(entries.postgres);
