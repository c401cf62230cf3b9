import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventsOf, ofType, runsOf } from './journal-facts.ts';
import { newPlace, writeRunbook, type Place } from './place.ts';
import { enter, hasScript, startOnTerminal } from './terminal.ts';

const down = '\u001b[B';

function soaks(place: Place): string[] {
  const file = writeRunbook(
    place,
    'soaks.ts',
    `import { existsSync } from 'node:fs';
     import { runbook, z } from 'migrate-runbook';
     export default runbook('soaks', { summary: 's', params: z.object({ world: z.string() }) })
       .step('make', {
         commands: ({ params, sh }) => [sh\`mkdir \${params.world}/made\`],
         undo: ({ params, sh }) => [sh\`rmdir \${params.world}/made\`],
       })
       .soak('settle', {
         needs: ['make'], min: '20ms', max: '1h',
         probes: [{ name: 'web', check: ({ params }) => !existsSync(params.world + '/ill') || 'no answer' }],
       });`,
  );
  return ['run', file, '--set', `world=${place.world}`, '--wait'];
}

describe.skipIf(!hasScript)('a soak that stops at a terminal', () => {
  test('asks whoever sits there: go on soaking, and roll back now', { timeout: 120_000 }, async () => {
    const place = newPlace();
    writeFileSync(join(place.world, 'ill'), '');
    const call = startOnTerminal(place, soaks(place));
    await call.until('"settle" is not healthy: web: no answer');
    await call.until('Roll back now');
    // By its first choice nothing happens to who only presses enter.
    call.type(down + enter);
    // A question that is answered shows ◇, and the next one ◆.
    await call.until(/◇[^]*◆[^]*Roll back now/);
    call.type(down + down + enter);
    const { exit, stdout } = await call.ended;
    expect(exit, stdout).toBe(1);
    expect(existsSync(join(place.world, 'made'))).toBe(false);
    const [run = ''] = runsOf(place);
    const events = await eventsOf(place, run);
    expect(ofType(events, 'soak.stopped')).toHaveLength(2);
    expect(ofType(events, 'soak.continued')).toHaveLength(1);
    expect(ofType(events, 'rollback.completed')).toHaveLength(1);
  });
});
