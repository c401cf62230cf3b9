import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';

export function addState(program: Program, invocation: Invocation): void {
  const state = program
    .command('state')
    .description('where runs keep their journals, and how to move them')
    .addHelpText('after', examples('migrate state path', 'migrate state move /srv/migrate'));
  state
    .command('path')
    .description('print the state folder')
    .addHelpText('after', examples('migrate state path'))
    .action((_options, command) => path(globalsOf(command.optsWithGlobals())));
  state
    .command('move')
    .description('copy the state elsewhere, verify the copy, and close the old one')
    .argument('<dir>', 'an empty folder, or one that does not exist yet')
    .addHelpText('after', examples('migrate state move /srv/migrate'))
    .action((dir, _options, command) => move(dir, globalsOf(command.optsWithGlobals()), invocation));
}

async function path(globals: Globals): Promise<void> {
  const { stateDocument } = await import('../../render/documents/state.ts');
  const { placesOf } = await import('../runs/places.ts');
  const { print } = await import('../terminal/print.ts');
  const folder = placesOf(globals).state;
  print(globals, stateDocument, { type: 'state', folder }, () => folder);
}

async function move(dir: string, globals: Globals, { overrides }: Invocation): Promise<void> {
  const { stateDocument } = await import('../../render/documents/state.ts');
  const { hostFor } = await import('../work/host-for.ts');
  const { moveState } = await import('../runs/move-state.ts');
  const { placesOf } = await import('../runs/places.ts');
  const { print } = await import('../terminal/print.ts');
  const moved = await moveState(placesOf({ stateDir: dir }).state, placesOf(globals), hostFor(overrides));
  print(globals, stateDocument, { type: 'state', folder: dir, moved: [...moved] }, () =>
    [
      `The state is in ${dir} now; ${moved.length === 0 ? 'no run was unfinished' : `moved: ${moved.join(', ')}`}.`,
      `From now on give every command --state-dir ${dir}, or set MIGRATE_STATE_DIR=${dir}.`,
    ].join('\n'),
  );
}
