import { exitCodes, type ExitCode } from '../../errors.ts';
import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';

const exitOf = {
  sound: exitCodes.done,
  'in-doubt': exitCodes.waiting,
  damaged: exitCodes.stateDamaged,
} as const;

export function addDoctor(program: Program, invocation: Invocation): void {
  program
    .command('doctor')
    .description(
      'tell what is known and what is in doubt: journal, steps, lock, claims, files; changes nothing',
    )
    .argument('[run]', 'a run, or its runbook; every run, the claims and the state folder when left out')
    .addHelpText('after', examples('migrate doctor', 'migrate doctor wsl-nix-store'))
    .action(async (run, _options, command) => {
      invocation.exitCode = await doctor(run, globalsOf(command.optsWithGlobals()));
    });
}

async function doctor(name: string | undefined, globals: Globals): Promise<ExitCode> {
  const { doctorDocument } = await import('../../render/documents/doctor.ts');
  const { doctorText } = await import('../../render/text/doctor.ts');
  const { examine } = await import('../doctor/examine.ts');
  const { placesOf } = await import('../runs/places.ts');
  const { print } = await import('../terminal/print.ts');
  const { withStateOption } = await import('../options/state-option.ts');
  const { terminalOf } = await import('../terminal/terminal.ts');
  const { style } = await terminalOf(globals);
  const document = await examine(placesOf(globals), name);
  print(globals, doctorDocument, document, () =>
    withStateOption(doctorText(document, style), globals.stateDir),
  );
  return exitOf[document.verdict];
}
