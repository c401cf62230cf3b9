import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';

export function addConfig(program: Program, _invocation: Invocation): void {
  const config = program
    .command('config')
    .description(
      'read and set your preferences (color, notify and how, jobs); nothing that decides what a run does',
    )
    .addHelpText(
      'after',
      examples(
        'migrate config list',
        'migrate config set notify /usr/local/bin/tell-me',
        'migrate config set notify ntfy:https://ntfy.example/my-topic',
      ),
    );
  config
    .command('get')
    .description('print one preference')
    .argument('<key>')
    .addHelpText('after', examples('migrate config get jobs'))
    .action((key, _options, command) => get(key, globalsOf(command.optsWithGlobals())));
  config
    .command('set')
    .description('change one preference')
    .argument('<key>')
    .argument('<value>')
    .addHelpText('after', examples('migrate config set jobs 4'))
    .action((key, value, _options, command) => set(key, value, globalsOf(command.optsWithGlobals())));
  config
    .command('list')
    .description('print all preferences')
    .addHelpText('after', examples('migrate config list --json'))
    .action((_options, command) => list(globalsOf(command.optsWithGlobals())));
  config
    .command('path')
    .description('print where the preferences lie')
    .addHelpText('after', examples('migrate config path'))
    .action((_options, command) => path(globalsOf(command.optsWithGlobals())));
}

async function get(key: string, globals: Globals): Promise<void> {
  const { preferenceFile, preferenceKey } = await import('../options/preferences.ts');
  const name = preferenceKey(key);
  const preferences = await preferenceFile();
  const value = preferences.all()[name];
  await show(globals, preferences.file, { [name]: value }, String(value));
}

async function set(key: string, value: string, globals: Globals): Promise<void> {
  const { preferenceFile, preferenceKey } = await import('../options/preferences.ts');
  const preferences = await preferenceFile();
  preferences.set(key, value);
  const name = preferenceKey(key);
  const now = preferences.all()[name];
  await show(globals, preferences.file, { [name]: now }, `${name} = ${String(now)}`);
}

async function list(globals: Globals): Promise<void> {
  const { preferenceFile } = await import('../options/preferences.ts');
  const preferences = await preferenceFile();
  const all = preferences.all();
  const text = Object.entries(all).map(([key, value]) => `${key} = ${String(value)}`);
  await show(globals, preferences.file, all, text.join('\n'));
}

async function path(globals: Globals): Promise<void> {
  const { preferenceFile } = await import('../options/preferences.ts');
  const { file } = await preferenceFile();
  await show(globals, file, {}, file);
}

async function show(
  globals: Globals,
  file: string,
  preferences: Record<string, unknown>,
  text: string,
): Promise<void> {
  const { configDocument } = await import('../../render/documents/config.ts');
  const { print } = await import('../terminal/print.ts');
  print(globals, configDocument, { type: 'config', file, preferences }, () => text);
}
