import { serviceBackRunbook } from './services/back/runbook.ts';
import { entries } from './services/entries.ts';

export default serviceBackRunbook(entries.plex);
