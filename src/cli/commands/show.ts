import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';

export function addShow(program: Program, _invocation: Invocation): void {
  program
    .command('show')
    .description('tell what a runbook does: phases, steps, how each is undone, parameters')
    .argument('<runbook>', 'its id, or the path of a file such as ./my-runbook.ts')
    .addHelpText('after', examples('migrate show wsl-nix-store', 'migrate show ./my-runbook.ts --json'))
    .action((runbook, _options, command) => show(runbook, globalsOf(command.optsWithGlobals())));
}

async function show(name: string, globals: Globals): Promise<void> {
  const { loadRunbook } = await import('../../host/runbook-file.ts');
  const { showDocument } = await import('../../render/documents/show.ts');
  const { showText } = await import('../../render/text/show.ts');
  const { quoteWord } = await import('../../runbook/command.ts');
  const { describeRunbook } = await import('../shown/describe-runbook.ts');
  const { print } = await import('../terminal/print.ts');
  const { terminalOf } = await import('../terminal/terminal.ts');
  const { runbook, file } = await loadRunbook(name);
  const document = describeRunbook(runbook, file);
  const { style } = await terminalOf(globals);
  print(globals, showDocument, document, () => showText(document, quoteWord(name), style));
}
