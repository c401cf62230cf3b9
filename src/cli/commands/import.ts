import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';

interface ImportOptions {
  readonly id?: string | undefined;
  readonly folder: string;
}

export function addImport(program: Program, _invocation: Invocation): void {
  program
    .command('import')
    .description('turn a plan in Markdown into a first runbook')
    .argument('<plan>', 'a file with headings, check lists and shell blocks')
    .option('--id <id>', "the runbook's id; made from the plan's title when left out")
    .option('--folder <folder>', 'where its file is made', '.')
    .addHelpText(
      'after',
      examples('migrate import PLAN.md', 'migrate import PLAN.md --id new-disk --folder runbooks'),
    )
    .action((plan, options, command) => importPlan(plan, options, globalsOf(command.optsWithGlobals())));
}

async function importPlan(plan: string, options: ImportOptions, globals: Globals): Promise<void> {
  const { idOf, readPlan, writeRunbook } = await import('../../scaffold/index.ts');
  const { importedDocument } = await import('../../render/documents/imported.ts');
  const { importedText } = await import('../../render/text/imported.ts');
  const { mustBeRunbookId, readPlanFile, writeNewFiles } = await import('../shown/new-files.ts');
  const { print } = await import('../terminal/print.ts');
  const { terminalOf } = await import('../terminal/terminal.ts');
  const { name, text } = await readPlanFile(plan);
  const outline = readPlan(text, name);
  const id = options.id ?? (idOf(outline.title) || idOf(name) || 'plan');
  mustBeRunbookId(id);
  const { source, ...counts } = writeRunbook(id, outline, name);
  const [file = ''] = await writeNewFiles(options.folder, { [`${id}.ts`]: source });
  const document = { type: 'imported' as const, id, file, ...counts };
  const { style } = await terminalOf(globals);
  print(globals, importedDocument, document, () => importedText(document, style));
}
