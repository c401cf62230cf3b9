import { Option } from '@commander-js/extra-typings';
import { examples, type Program } from '../base-program.ts';
import type { BootDocument } from '../../render/documents/boot.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';
import { readEvery } from '../options/option-values.ts';

export function addBoot(program: Program, invocation: Invocation): void {
  const boot = program
    .command('boot')
    .description('whether unfinished runs go on by themselves after a boot')
    .addHelpText('after', examples('migrate boot status', 'migrate boot enable'));
  boot
    .command('enable')
    .description('write and enable units that resume unfinished runs and look at soaks')
    .addOption(
      new Option('--every <duration>', 'how often soaks are looked at')
        .argParser(readEvery)
        .default(60_000, '1m'),
    )
    .addHelpText('after', examples('migrate boot enable'))
    .action(async (options, command) => {
      const globals = globalsOf(command.optsWithGlobals());
      invocation.exitCode = await enable(options.every, globals, invocation);
    });
  boot
    .command('disable')
    .description('remove these units; what is at work goes on')
    .addHelpText('after', examples('migrate boot disable'))
    .action(async (_options, command) => disable(globalsOf(command.optsWithGlobals())));
  boot
    .command('status')
    .description('tell whether they are there, and which runs need you all the same')
    .addHelpText('after', examples('migrate boot status'))
    .action(async (_options, command) => status(globalsOf(command.optsWithGlobals())));
}

async function enable(everyMs: number, globals: Globals, { overrides }: Invocation) {
  const { exitCodes } = await import('../../errors.ts');
  const { hostFor } = await import('../work/host-for.ts');
  const { enableBoot } = await import('../boot/enable.ts');
  const { placesOf } = await import('../runs/places.ts');
  const document = await enableBoot(placesOf(globals), everyMs, await hostFor(overrides).mounts());
  await show(document, globals);
  // On NixOS it is not on before the configuration is rebuilt.
  return document.resumes ? exitCodes.done : exitCodes.waiting;
}

async function disable(globals: Globals): Promise<void> {
  const { disableBoot } = await import('../boot/enable.ts');
  const { placesOf } = await import('../runs/places.ts');
  await show(await disableBoot(placesOf(globals)), globals);
}

async function status(globals: Globals): Promise<void> {
  const { lookAtBoot } = await import('../boot/look.ts');
  const { placesOf } = await import('../runs/places.ts');
  await show(await lookAtBoot(placesOf(globals).state), globals);
}

async function show(document: BootDocument, globals: Globals) {
  const { bootDocument } = await import('../../render/documents/boot.ts');
  const { bootText } = await import('../../render/text/boot.ts');
  const { print } = await import('../terminal/print.ts');
  const { withStateOption } = await import('../options/state-option.ts');
  const { terminalOf } = await import('../terminal/terminal.ts');
  const { style } = await terminalOf(globals);
  print(globals, bootDocument, document, () => withStateOption(bootText(document, style), globals.stateDir));
}
