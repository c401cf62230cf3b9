export { serviceAcceptance } from './acceptance.ts';
export { serviceRunbook } from './factory.ts';
export type { ServiceEntry } from './catalogue.ts';
