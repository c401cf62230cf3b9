import { exitCodes, MigrateError, type ExitCode } from '../errors.ts';
import type { Globals } from './invocation.ts';

export async function rehearseRunbook(
  _name: string,
  _options: {
    readonly set: readonly string[];
    readonly keep?: true | undefined;
    readonly crash?: string | undefined;
  },
  _globals: Globals,
): Promise<ExitCode> {
  throw new MigrateError('rehearse.not-yet', 'rehearsals are not wired up yet', {
    exitCode: exitCodes.usage,
  });
}
