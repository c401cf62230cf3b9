/* oxlint-disable no-template-curly-in-string -- the text of runbooks is written here */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isEnded, statOf } from '../../src/host/process.ts';
import { eventsOf, ofType, runsOf } from './journal-facts.ts';
import { migrate, start } from './migrate.ts';
import { kill, newPlace, processesIn, tree, writeRunbook, type Place } from './place.ts';
import { ctrlC, hasScript, startOnTerminal } from './terminal.ts';
import { letGo, runWaits, untilItWaits, untilThere } from './waits.ts';

const timeout = 120_000;
const familyFile = resolve(import.meta.dirname, 'runbooks/family.ts');

function runFamily(place: Place, how: 'mild' | 'stubborn' = 'mild'): readonly string[] {
  const params = [`world=${place.world}`, `programs=${import.meta.dirname}`, `how=${how}`];
  return ['run', familyFile, ...params.flatMap((param) => ['--set', param])];
}

/** The command, its child and its grandchild, once all of them are there. */
async function family(place: Place): Promise<readonly number[]> {
  const file = join(place.world, 'pids');
  await untilThere(file);
  return readFileSync(file, 'utf8').trim().split(' ').map(Number);
}

function living(pids: readonly number[]): readonly number[] {
  return pids.filter((pid) => {
    const stat = statOf(pid);
    return stat !== undefined && !isEnded(stat);
  });
}

describe('the first signal', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s ends the command with its child and grandchild, is journaled, and the message tells how to go on',
    { timeout },
    async (signal) => {
      const place = newPlace();
      const call = start(place, runFamily(place));
      const pids = await family(place);
      expect(living(pids)).toHaveLength(3);
      kill(call.pid, signal);
      const { exit, stdout, stderr } = await call.ended;
      const [run = ''] = runsOf(place);
      expect([exit, stderr]).toEqual([130, '']);
      expect(stdout).toContain(`${signal}: ending what runs, then stopping; once more to stop at once`);
      expect(stdout).toContain(`interrupted by ${signal}`);
      expect(stdout).toContain(`Go on with: migrate resume ${run}`);
      expect(living(pids)).toEqual([]);
      expect(processesIn(place.folder)).toEqual([]);
      const events = await eventsOf(place, run);
      expect(ofType(events, 'step.interrupted')).toMatchObject([{ step: 'family', by: signal }]);
      expect(ofType(events, 'command.ended')).toHaveLength(1);
      expect(events.at(-1)).toMatchObject({ type: 'run.interrupted', by: signal });
    },
  );

  test(
    'during a rollback ends the undo, and the rollback goes on when it is called again',
    { timeout },
    async () => {
      const place = newPlace();
      const file = writeRunbook(
        place,
        'slow-undo.ts',
        `import { runbook, sh, z } from 'migrate-runbook';
       export default runbook('slow-undo', { summary: 's', params: z.object({ world: z.string(), programs: z.string() }) })
         .step('make', {
           commands: ({ params: { world } }) => [sh\`mkdir \${world}/made\`],
           undo: ({ params: { world, programs } }) => [
             sh\`\${programs}/wait-for.sh \${world}/go\`, sh\`rmdir --ignore-fail-on-non-empty \${world}/made\`,
           ],
         });`,
      );
      expect(await migrate(place, ...runWaits(place.world, file))).toMatchObject({ exit: 0 });
      const [run = ''] = runsOf(place);
      const call = start(place, ['rollback', run, '--yes']);
      await untilItWaits(place);
      kill(call.pid, 'SIGINT');
      const { exit, stdout } = await call.ended;
      expect(exit).toBe(130);
      expect(stdout).toContain(`Go on with: migrate rollback ${run}`);
      expect(processesIn(place.folder)).toEqual([]);
      expect(tree(place.world)).toHaveProperty('made');
      letGo(place);
      const again = await migrate(place, 'rollback', run);
      expect(again).toMatchObject({ exit: 0 });
      expect(tree(place.world)).not.toHaveProperty('made');
    },
  );

  const wait = 'sh`${params.programs}/wait-for.sh ${params.world}/go`';
  const harmless = 'readonly: true, commands: () => [sh`true`]';
  test.each([
    [
      'the wait between two tries',
      'step',
      'readonly: true, retry: { retries: 3, minDelayMs: 600_000 }, commands: ({ params }) => [sh`touch ${params.world}/go.waits`, sh`test -e ${params.world}/go`]',
    ],
    [
      'a probe',
      'step',
      `probe: async ({ params, host }) => { await host.exec(${wait}); return 'done'; }, ${harmless}`,
    ],
    ['a capture', 'step', `capture: async ({ params, host }) => { await host.exec(${wait}); }, ${harmless}`],
    [
      'a verification',
      'step',
      `${harmless}, verify: async ({ params, host }) => { await host.exec(${wait}); }`,
    ],
    [
      'a check',
      'check',
      `expect: 'an end', run: async ({ params, host }) => { await host.exec(${wait}); return { verdict: 'PASS', observed: '' }; }`,
    ],
    [
      'the code of a step',
      'step',
      `readonly: true, describe: 'waits', run: async ({ params, exec }) => { await exec(${wait}); }`,
    ],
    [
      'the wait of a soak',
      'soak',
      `min: '1h', max: '2h', probes: [{ name: 'well', check: async ({ params, host }) => { await host.exec(sh\`touch \${params.world}/go.waits\`); return true; } }]`,
    ],
    [
      'a look of a soak',
      'soak',
      `min: '1h', max: '2h', probes: [{ name: 'well', check: async ({ params, host }) => { await host.exec(${wait}); return true; } }]`,
    ],
  ])('ends %s, and leaves a run that is resumed', { timeout }, async (_, kind, body) => {
    const place = newPlace();
    const file = writeRunbook(
      place,
      'waiting.ts',
      `import { runbook, sh, z } from 'migrate-runbook';
       export default runbook('waiting', { summary: 's', params: z.object({ world: z.string(), programs: z.string() }) })
         .${kind}('it', { ${body} });`,
    );
    const call = start(place, [...runWaits(place.world, file), '--wait']);
    await untilItWaits(place);
    kill(call.pid, 'SIGTERM');
    const { exit, stdout, stderr } = await call.ended;
    expect([exit, stderr], stdout + stderr).toEqual([130, '']);
    const [run = ''] = runsOf(place);
    expect(stdout).toContain(`Go on with: migrate resume ${run}`);
    expect((await eventsOf(place, run)).at(-1)).toMatchObject({ type: 'run.interrupted', by: 'SIGTERM' });
    expect(processesIn(place.folder)).toEqual([]);
    letGo(place);
    const resumed = await migrate(place, 'resume');
    expect(resumed.exit, resumed.stdout + resumed.stderr).toBe(kind === 'soak' ? 3 : 0);
  });
});

describe('the second signal', () => {
  test(
    'ends migrate at once although its command heeds nothing, and the journal stays sound',
    { timeout },
    async () => {
      const place = newPlace();
      const call = start(place, runFamily(place, 'stubborn'));
      const pids = await family(place);
      kill(call.pid, 'SIGINT');
      await call.until('once more to stop at once');
      kill(call.pid, 'SIGINT');
      expect(await call.ended).toMatchObject({ exit: 130, stderr: '' });
      const [run = ''] = runsOf(place);
      const events = await eventsOf(place, run);
      expect(events.at(-1)).toMatchObject({ type: 'command.started', process: { pid: pids[0] } });
      expect(await migrate(place, 'status', '--json')).toMatchObject({ exit: 0 });
      for (const pid of living(pids)) kill(pid);
      expect(await migrate(place, 'rollback', run, '--yes')).toMatchObject({ exit: 0 });
    },
  );
});

describe.skipIf(!hasScript)('at a terminal', () => {
  test(
    'Ctrl-C ends the command with its family and tells how to go on; the cursor comes back',
    { timeout },
    async () => {
      const place = newPlace();
      const call = startOnTerminal(place, runFamily(place));
      const pids = await family(place);
      call.type(ctrlC);
      const { exit, stdout } = await call.ended;
      const [run = ''] = runsOf(place);
      expect(exit, stdout).toBe(130);
      expect(living(pids)).toEqual([]);
      expect(stdout).toContain('once more to stop at once');
      expect(stdout).toContain(`Go on with: migrate resume ${run}`);
      expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThanOrEqual(stdout.lastIndexOf('\u001b[?25l'));
      expect((await eventsOf(place, run)).at(-1)).toMatchObject({ type: 'run.interrupted', by: 'SIGINT' });
    },
  );

  test('Ctrl-C twice ends migrate at once', { timeout }, async () => {
    const place = newPlace();
    const call = startOnTerminal(place, runFamily(place, 'stubborn'));
    await family(place);
    call.type(ctrlC);
    await call.until('once more to stop at once');
    call.type(ctrlC);
    expect(await call.ended).toMatchObject({ exit: 130 });
    expect(await migrate(place, 'status', '--json')).toMatchObject({ exit: 0 });
  });

  test(
    'a connection that is lost interrupts the run, which is resumed from another',
    { timeout },
    async () => {
      const place = newPlace();
      const call = startOnTerminal(place, runFamily(place));
      const pids = await family(place);
      kill(call.script.pid ?? 0);
      await call.ended;
      await expect.poll(() => processesIn(place.folder)).toEqual([]);
      expect(living(pids)).toEqual([]);
      const [run = ''] = runsOf(place);
      expect((await eventsOf(place, run)).at(-1)).toMatchObject({ type: 'run.interrupted', by: 'SIGHUP' });
      const again = start(place, ['resume']);
      await again.until('family: $');
      kill(again.pid, 'SIGINT');
      expect(await again.ended).toMatchObject({ exit: 130 });
    },
  );
});

test.each([
  [
    'a promise that nobody waits for',
    "void Promise.reject(new Error('unheard of')); await exec(sh`sleep 600`);",
  ],
  ['a timer', "setTimeout(() => { throw new Error('unheard of'); }, 20); await exec(sh`sleep 600`);"],
])(
  "an error in %s of a runbook's code stops the run as a signal does, with one message",
  { timeout },
  async (_, code) => {
    const place = newPlace();
    const file = writeRunbook(
      place,
      'careless.ts',
      `import { runbook, sh } from 'migrate-runbook';
       export default runbook('careless', { summary: 's' })
         .step('one', { readonly: true, describe: 'careless', run: async ({ exec }) => { ${code} } });`,
    );
    const { exit, stderr } = await migrate(place, 'run', file);
    expect([exit, stderr.match(/^error: /gm)?.length], stderr).toEqual([1, 1]);
    expect(stderr).toContain('an error that no step caught stopped the run: unheard of');
    expect(stderr).toContain('careless.ts:3');
    expect(processesIn(place.folder)).toEqual([]);
    const events = await eventsOf(place, runsOf(place)[0] ?? '');
    expect(events.at(-1)).toMatchObject({ type: 'run.interrupted', by: 'an error that nobody caught' });
  },
);
