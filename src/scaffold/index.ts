export { newRunbook } from './new-runbook.ts';
export { readPlan } from './read-plan.ts';
export { idOf } from './step-ids.ts';
export { writeRunbook } from './write-runbook.ts';
