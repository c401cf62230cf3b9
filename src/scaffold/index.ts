export { newRunbook } from './new-runbook.ts';
export { readPlan } from './read-plan.ts';
export { idOf } from './step-ids.ts';
export { writeRunbook, type Imported } from './write-runbook.ts';
