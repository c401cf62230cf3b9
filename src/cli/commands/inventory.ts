import type { ExitCode } from '../../errors.ts';
import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Invocation } from '../invocation.ts';

export function addInventory(program: Program, invocation: Invocation): void {
  program
    .command('inventory')
    .description('tell what would outlive a root file system that is empty at each boot; changes nothing')
    .argument('[host]', "whose declarations count; this machine's when left out")
    .option('--file <file>', 'read the declarations from a JSON file, or a module that exports them')
    .addHelpText(
      'after',
      `${examples('migrate inventory cassie-box', 'migrate inventory --file ./persisted.json --json')}
Shows each declared path with its size, what would be lost, and whether that suffices: the
critical paths, a login that survives, keys of secrets that can be read in time. Exit code 0:
PASS. 7: PARTIAL. 8: BLOCKED. 1: FAIL.
`,
    )
    .action(async (host, options, command) => {
      const globals = globalsOf(command.optsWithGlobals());
      const { showInventory } = await import('../shown/show-inventory.ts');
      const exitCode: ExitCode = await showInventory({ host, file: options.file, globals, invocation });
      invocation.exitCode = exitCode;
    });
}
