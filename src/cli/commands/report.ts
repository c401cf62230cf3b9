import { Option } from '@commander-js/extra-typings';
import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';

interface ReportOptions {
  readonly format?: 'md' | 'html' | 'json' | undefined;
  readonly output?: string | undefined;
  readonly force?: true | undefined;
}

export function addReport(program: Program, invocation: Invocation): void {
  program
    .command('report')
    .description('make a report of a run: what it did and when, verdicts with their evidence, risks')
    .argument('<run>', 'a run, or its runbook; finished or not')
    .addOption(
      new Option(
        '--format <format>',
        'md, html or json (default: by the ending of --output, else md)',
      ).choices(['md', 'html', 'json'] as const),
    )
    .option('--output <file>', 'write it to this file, which must not be there yet')
    .option('--force', 'replace the file')
    .addHelpText(
      'after',
      examples(
        'migrate report wsl-nix-store',
        'migrate report wsl-nix-store --output report.html',
        'migrate report system-acceptance --format json | jq .risks',
      ),
    )
    .action(async (run, options, command) => {
      await report(run, options, globalsOf(command.optsWithGlobals()), invocation);
    });
}

async function report(name: string, options: ReportOptions, globals: Globals, { overrides }: Invocation) {
  const { hostFor } = await import('../work/host-for.ts');
  const { oneRun } = await import('../runs/known-run.ts');
  const { pickerFor } = await import('../runs/pick-run.ts');
  const { placesOf } = await import('../runs/places.ts');
  const { formatOf, makeReport, reportText } = await import('../shown/make-report.ts');
  const { writeReport } = await import('../shown/write-report.ts');
  const { stdout } = await import('../terminal/process-streams.ts');
  const { terminalOf } = await import('../terminal/terminal.ts');
  const known = await oneRun(placesOf(globals).state, name, 'latest', pickerFor(await terminalOf(globals)));
  const document = await makeReport(known, hostFor(overrides).clock.now().wall);
  const text = reportText(document, formatOf(options, globals));
  if (options.output === undefined) stdout.write(text);
  else await writeReport(options.output, text, options.force === true);
}
