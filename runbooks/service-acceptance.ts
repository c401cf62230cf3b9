import { serviceAcceptance } from './services/acceptance.ts';
import { entries } from './services/entries.ts';

export default serviceAcceptance(entries);
