import { buildWorld } from '../../src/rehearsal/world.ts';
import type { RehearsalPlan } from '../../src/runbook/index.ts';

// Holds a world as a process of its own, to be killed or to be run as another user:
//   world-session.ts PARENT PLAN-AS-JSON [SCRIPT …]
// Prints the world's folder, then a line of JSON for each script's result; without scripts it waits.

const [parent = '', plan = '{}', ...scripts] = process.argv.slice(2);
const world = await buildWorld(JSON.parse(plan) as RehearsalPlan, { parent });
console.log(world.folder);
if (scripts.length === 0) setInterval(() => {}, 60_000);
for (const script of scripts) {
  if (script === 'reboot') await world.reboot();
  else console.log(JSON.stringify(await world.run(['sh', '-c', script])));
}
if (scripts.length > 0) await world.destroy();
