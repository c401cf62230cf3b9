import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runbook, sh, z, type ActContext, type CapturedContext } from 'migrate-runbook';

const params = z.object({
  /** The folder that the runbook changes. */
  world: z.string(),
  /** Where act.sh and undo-act.sh are. */
  programs: z.string(),
  /** How long each act takes. */
  seconds: z.number(),
});
type Params = z.infer<typeof params>;
type Step = { readonly params: Params };

/** An act by a command, with a probe that sees whether it happened. */
function act(name: string) {
  return {
    ...probed(name),
    commands: ({ params: p }: Step) => [sh`${p.programs}/act.sh ${p.world} ${name} ${p.seconds}`],
  };
}

function probed(name: string) {
  return {
    probe: ({ params: p }: Step) => (hasHappened(p, name) ? ('done' as const) : ('not-started' as const)),
    undo: ({ params: p }: Step) => [sh`${p.programs}/undo-act.sh ${p.world} ${name} ${p.seconds}`],
  };
}

function hasHappened({ world }: Params, name: string): boolean {
  return existsSync(join(world, 'tree', name));
}

/** The same by code. */
function run(name: string) {
  return async ({ params: p, exec }: Pick<ActContext<Params>, 'params' | 'exec'>) => {
    await exec(sh`${p.programs}/act.sh ${p.world} ${name} ${p.seconds}`);
  };
}

const settings = (p: Params) => join(p.world, 'tree', 'settings');
const edited = (before: string) => `${before}edited\n`;

export default runbook('twenty-steps', {
  summary: 'Twenty steps of every kind, whose acts can be counted',
  params,
  claims: ({ params: p }) => [{ kind: 'path', path: p.world, role: 'target' }],
})
  .phase('Begin')
  .check('ready', {
    expect: 'the tree is there',
    run: ({ params: p }) => ({
      verdict: existsSync(join(p.world, 'tree')) ? 'PASS' : 'FAIL',
      observed: 'looked',
    }),
  })
  .step('first', { needs: ['ready'], ...act('first') })
  .step('look', {
    needs: ['first'],
    readonly: true,
    output: z.object({ entries: z.number() }),
    commands: ({ params: p }) => [sh`ls ${p.world}/tree`],
    result: ({ results }) => ({ entries: results[0]?.stdout.trim().split('\n').length ?? 0 }),
  })
  .step('edit', {
    needs: ['look'],
    capture: ({ params: p }) => ({ before: readFileSync(settings(p), 'utf8') }),
    probe: ({ params: p, captured }) =>
      readFileSync(settings(p), 'utf8') === edited(captured.before) ? 'done' : 'not-started',
    describe: 'add a line to the settings',
    run: async ({ params: p, captured, exec, host }) => {
      await exec(sh`sleep ${p.seconds}`);
      await host.files.replace(settings(p), edited(captured.before));
    },
    undo: ({ params: p, captured }) => [{ restore: settings(p), content: captured.before }],
  })
  .step('by-code', { needs: ['edit'], ...probed('by-code'), describe: 'by code', run: run('by-code') })
  .step('measure', {
    needs: ['by-code', 'look'],
    output: z.object({ name: z.string(), entries: z.number() }),
    capture: ({ run: { id }, outputs }) => ({ name: `measured-${id}`, entries: outputs.look.entries }),
    probe: ({ params: p, captured }) => (hasHappened(p, captured.name) ? { done: captured } : 'not-started'),
    describe: 'make a folder whose name was chosen before',
    run: async (context) => {
      await run(context.captured.name)(context);
      return context.captured;
    },
    undo: ({ params: p, captured }) => [
      sh`${p.programs}/undo-act.sh ${p.world} ${captured.name} ${p.seconds}`,
    ],
  })
  .step('from-output', {
    needs: ['measure'],
    capture: ({ outputs }) => ({ name: `from-${outputs.measure.name}` }),
    commands: ({ params: p, captured }) => [
      sh`${p.programs}/act.sh ${p.world} ${captured.name} ${p.seconds}`,
    ],
    probe: ({ params: p, captured }) => (hasHappened(p, captured.name) ? 'done' : 'not-started'),
    undo: ({ params: p, captured }) => [
      sh`${p.programs}/undo-act.sh ${p.world} ${captured.name} ${p.seconds}`,
    ],
  })
  .step('flaky', {
    needs: ['from-output'],
    ...probed('flaky'),
    retry: { retries: 3, minDelayMs: 20, maxDelayMs: 20 },
    describe: 'fails at its first try of each attempt',
    run: flaky(),
  })
  .phase('Side by side')
  .step('left', { needs: ['flaky'], ...act('left') })
  .step('right', { needs: ['flaky'], ...act('right') })
  .step('middle', { needs: ['flaky'], ...probed('middle'), describe: 'by code', run: run('middle') })
  .step('locked-one', { needs: ['flaky'], locks: ['disk'], ...act('locked-one') })
  .step('locked-two', { needs: ['flaky'], locks: ['disk'], ...act('locked-two') })
  .phase('End')
  .step('join', {
    needs: ['left', 'right', 'middle', 'locked-one', 'locked-two'],
    ...act('join'),
  })
  .step('again', {
    needs: ['join'],
    idempotent: true,
    commands: ({ params: p }) => [sh`${p.programs}/act.sh ${p.world} again ${p.seconds} again`],
    undo: ({ params: p }) => [sh`${p.programs}/undo-act.sh ${p.world} again ${p.seconds}`],
  })
  .step('two-commands', {
    needs: ['again'],
    // The first command alone is no end, and running both again ends it.
    idempotent: true,
    probe: ({ params: p }) =>
      hasHappened(p, 'half-two') ? 'done' : hasHappened(p, 'half-one') ? 'partial' : 'not-started',
    commands: ({ params: p }) => [
      sh`${p.programs}/act.sh ${p.world} half-one ${p.seconds} again`,
      sh`${p.programs}/act.sh ${p.world} half-two ${p.seconds}`,
    ],
    undo: ({ params: p }) => [
      sh`${p.programs}/undo-act.sh ${p.world} half-two ${p.seconds}`,
      sh`${p.programs}/undo-act.sh ${p.world} half-one ${p.seconds}`,
    ],
  })
  .step('verified', {
    needs: ['two-commands'],
    ...act('verified'),
    verify: ({ params: p }: CapturedContext<Params>) => {
      if (!hasHappened(p, 'verified')) throw new Error('it is not there');
    },
  })
  .step('undone-by-code', {
    needs: ['verified'],
    ...act('undone-by-code'),
    undo: {
      describe: 'remove the folder by code',
      run: async ({ params: p, exec }) => {
        await exec(sh`${p.programs}/undo-act.sh ${p.world} undone-by-code ${p.seconds}`);
      },
      breakGlass: 'remove the folder',
    },
  })
  .step('left-out', {
    needs: ['undone-by-code'],
    when: ({ params: p }) => p.seconds > 60,
    ...act('left-out'),
  })
  .step('last', { needs: ['undone-by-code'], ...act('last') });

function flaky() {
  let tries = 0;
  return async (context: Pick<ActContext<Params>, 'params' | 'exec'>) => {
    tries += 1;
    if (tries === 1) throw new Error('it fails at first');
    await run('flaky')(context);
  };
}
