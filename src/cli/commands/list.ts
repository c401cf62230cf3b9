import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';

export function addList(program: Program, _invocation: Invocation): void {
  program
    .command('list')
    .description('list the runbooks that come with migrate')
    .addHelpText('after', examples('migrate list', 'migrate list --json'))
    .action((_options, command) => list(globalsOf(command.optsWithGlobals())));
}

async function list(globals: Globals): Promise<void> {
  const { bundledRunbooks, loadRunbook } = await import('../../host/runbook-file.ts');
  const { listDocument } = await import('../../render/documents/list.ts');
  const { listText } = await import('../../render/text/list.ts');
  const { print } = await import('../terminal/print.ts');
  const { terminalOf } = await import('../terminal/terminal.ts');
  const loaded = await Promise.all([...bundledRunbooks().keys()].map((id) => loadRunbook(id)));
  const runbooks = loaded.map(({ runbook, file }) => ({
    id: runbook.id,
    summary: runbook.summary,
    file,
    steps: runbook.nodes.length,
    rehearsal: runbook.rehearsal !== undefined,
  }));
  const { style } = await terminalOf(globals);
  print(globals, listDocument, { type: 'list', runbooks }, () => listText({ type: 'list', runbooks }, style));
}
