/* oxlint-disable no-template-curly-in-string -- the text of a runbook is written here */
import { expect, test } from 'vitest';
import { migrate } from '../../cli-processes/migrate.ts';
import { newPlace, writeRunbook } from '../../cli-processes/place.ts';

test('a rehearsal confirms each step as a person would, at once or after the boot at which it takes effect', async () => {
  const place = newPlace();
  const file = writeRunbook(
    place,
    'confirmed.ts',
    `import { existsSync } from 'node:fs';
     import { runbook } from 'migrate-runbook';
     const make = (path) => ({
       probe: () => (existsSync(path) ? 'done' : 'not-started'),
       commands: ({ sh }) => [sh\`touch \${path}\`],
       undo: ({ sh }) => [sh\`rm -f \${path}\`],
     });
     export default runbook('confirmed', { summary: 's', rehearsal: {} })
       .step('net', { ...make('/root/net'), confirmWithin: '10m' })
       .step('kernel', { needs: ['net'], ...make('/root/kernel'), effective: 'at-boot', confirmWithin: '10m' })
       .reboot('restart', { needs: ['kernel'], instructions: 'reboot' })
       .step('after', { needs: ['restart'], ...make('/root/after') });`,
  );
  const { exit, stdout, stderr } = await migrate(place, 'rehearse', file);
  expect(exit, stdout + stderr).toBe(0);
  const moves = [
    'confirming net, as a person would',
    'rebooting: "restart"',
    'confirming kernel',
    'complete',
  ];
  const places = moves.map((move) => stdout.indexOf(move));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((one, other) => one - other));
});
