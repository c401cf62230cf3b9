import { messageOf, UsageError } from '../../errors.ts';
import { readGivenFile } from '../../host/given-file.ts';

/**
 * The one verdict that was given.
 * @throws UsageError `settle.verdict` for none or several, `settle.output` for an output without `--done`
 */
export function verdictOf(options: {
  readonly done?: true | undefined;
  readonly notStarted?: true | undefined;
  readonly undone?: true | undefined;
  readonly output?: string | undefined;
}): 'done' | 'not-started' | 'undone' {
  const given = [
    options.done && ('done' as const),
    options.notStarted && ('not-started' as const),
    options.undone && ('undone' as const),
  ].filter((verdict) => verdict !== undefined);
  const [verdict, ...others] = given;
  if (verdict === undefined || others.length > 0) {
    throw new UsageError('settle.verdict', 'say exactly one of --done, --not-started and --undone');
  }
  if (options.output !== undefined && verdict !== 'done') {
    throw new UsageError('settle.output', '--output goes with --done only');
  }
  return verdict;
}

/** @throws UsageError `settle.output` for a file that cannot be read or is no JSON */
export async function readOutputFile(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readGivenFile(file));
  } catch (cause) {
    throw new UsageError(
      'settle.output',
      `--output ${file}: ${messageOf(cause)}`,
      'It must hold JSON.',
      cause,
    );
  }
}
