import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';

interface NewOptions {
  readonly summary?: string | undefined;
  readonly folder: string;
}

export function addNew(program: Program, _invocation: Invocation): void {
  program
    .command('new')
    .description('begin a runbook of your own, with its rehearsal world and its test')
    .argument('<id>', 'its id: lower-case words joined by dashes')
    .option('--summary <text>', 'one line on what it does')
    .option('--folder <folder>', 'where its files are made', '.')
    .addHelpText(
      'after',
      examples(
        'migrate new move-photos',
        "migrate new move-photos --summary 'Move the photos to the new disk'",
      ),
    )
    .action((id, options, command) => begin(id, options, globalsOf(command.optsWithGlobals())));
}

async function begin(id: string, { summary, folder }: NewOptions, globals: Globals): Promise<void> {
  const { newRunbook } = await import('../../scaffold/index.ts');
  const { newDocument } = await import('../../render/documents/new.ts');
  const { newText } = await import('../../render/text/new.ts');
  const { mustBeRunbookId, writeNewFiles } = await import('../shown/new-files.ts');
  const { print } = await import('../terminal/print.ts');
  mustBeRunbookId(id);
  const files = await writeNewFiles(folder, newRunbook(id, summary ?? `Move what ${id} names`));
  const document = { type: 'new' as const, id, files };
  print(globals, newDocument, document, () => newText(document));
}
