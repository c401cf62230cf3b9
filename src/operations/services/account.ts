import { StepError } from '../../errors.ts';
import type { Host } from '../../runbook/index.ts';

/**
 * The number of a user or group, which may be given as such.
 * @throws StepError `ownership.no-account`
 */
export async function accountId(host: Host, kind: 'passwd' | 'group', name: string): Promise<number> {
  if (/^\d+$/.test(name)) return Number(name);
  const argv = ['getent', kind, name] as const;
  const { stdout, exitCode } = await host.exec({ argv }, { anyExit: true });
  const [, , id = ''] = stdout.split('\n')[0]?.split(':') ?? [];
  if (exitCode === 0 && /^\d+$/.test(id)) return Number(id);
  const what = kind === 'passwd' ? 'user' : 'group';
  throw new StepError(
    'ownership.no-account',
    `there is no ${what} ${name} on this machine`,
    'On NixOS it comes with its service: switch to a configuration that has it first, or give the number.',
  );
}
