export { serviceAcceptance } from './acceptance.ts';
export { serviceBackRunbook } from './back/runbook.ts';
export { serviceRunbook } from './factory.ts';
export type { ServiceEntry } from './catalogue.ts';
